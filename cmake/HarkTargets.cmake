# The one place where compile options are set. Every target of ours links
# hark_options; nothing sets CMAKE_CXX_FLAGS or uses include_directories().
add_library(hark_options INTERFACE)
target_compile_options(hark_options INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wold-style-cast
  -Wnon-virtual-dtor -Woverloaded-virtual -Wnull-dereference -Wformat=2 -Wimplicit-fallthrough
  $<$<CXX_COMPILER_ID:Clang>:-Wthread-safety>
  $<$<CXX_COMPILER_ID:GNU>:-Wduplicated-cond -Wlogical-op -Wuseless-cast>)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND (HARK_SANITIZE OR NOT CMAKE_BUILD_TYPE STREQUAL "Debug"))
  # Optimising, GCC 12 finds null pointers and overlaps inside its own std::string that are not there (GCC bug 105651).
  target_compile_options(hark_options INTERFACE -Wno-null-dereference -Wno-restrict)
endif()
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_UNITY_BUILD)
  # In a unity build GCC takes a source file for a header, in which types of an anonymous namespace would be a fault.
  target_compile_options(hark_options INTERFACE -Wno-subobject-linkage)
endif()
target_include_directories(hark_options INTERFACE
  ${PROJECT_SOURCE_DIR}/include ${PROJECT_SOURCE_DIR}/src)
if(HARK_SANITIZE)
  list(JOIN HARK_SANITIZE "," _sanitizers)
  target_compile_options(hark_options INTERFACE
    -fsanitize=${_sanitizers} -fno-sanitize-recover=all -fno-omit-frame-pointer)
  target_link_options(hark_options INTERFACE -fsanitize=${_sanitizers})
endif()
if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
  target_link_options(hark_options INTERFACE -fuse-ld=lld)  # a hundred test programs are linked
endif()
if(HARK_FUZZ)
  # The libraries are what is fuzzed: without this libFuzzer sees which paths the target's own file takes, and none of theirs.
  target_compile_options(hark_options INTERFACE -fsanitize=fuzzer-no-link)
endif()

# Every target that takes part links these, so that one precompiled header fits all: its users must be compiled as it was.
target_compile_options(hark_options INTERFACE -pthread)
target_link_libraries(hark_options INTERFACE simdjson::simdjson Threads::Threads)
# A test is compiled more often than it runs for long: what takes time in it is mostly the code of the libraries, which is optimised.
set(_unoptimised $<$<CONFIG:Debug>:-O0>)
if(HARK_PRECOMPILE)  # with clang and Ninja; that of GCC hides which headers are a system's, and saves no time
  # Headers of libraries only, and none by its path: clones in different folders then share what the compiler cache has. A file must include what it uses all the
  # same; the presets without this see that it does. Not CLI11: its constants would put 230 kB of code into every object file.
  set(_precompiled
    <algorithm> <array> <atomic> <chrono> <condition_variable> <cstdint>
    <deque> <filesystem> <functional> <future> <map> <memory>
    <mutex> <optional> <set> <string> <string_view> <thread>
    <utility> <variant> <vector> <absl/container/flat_hash_map.h> <absl/status/status.h> <absl/status/statusor.h>
    <absl/strings/str_cat.h> <absl/strings/str_format.h> <absl/strings/str_split.h> <absl/time/time.h> <simdjson.h>)
  set(CMAKE_PCH_INSTANTIATE_TEMPLATES ON)
  file(GENERATE OUTPUT ${CMAKE_BINARY_DIR}/empty.cc CONTENT "")
  add_library(hark_precompiled OBJECT ${CMAKE_BINARY_DIR}/empty.cc)
  target_link_libraries(hark_precompiled PRIVATE hark_options)
  target_precompile_headers(hark_precompiled PRIVATE ${_precompiled})
  set(_headers hark_precompiled)
  if(HARK_BUILD_TESTS)
    add_library(hark_precompiled_test OBJECT ${CMAKE_BINARY_DIR}/empty.cc)
    target_compile_options(hark_precompiled_test PRIVATE ${_unoptimised})
    target_include_directories(hark_precompiled_test PRIVATE ${PROJECT_SOURCE_DIR}/tests)
    target_link_libraries(hark_precompiled_test PRIVATE hark_options GTest::gmock)
    target_precompile_headers(hark_precompiled_test PRIVATE ${_precompiled}
                              <gmock/gmock.h> <gtest/gtest.h>)
    list(APPEND _headers hark_precompiled_test)
  endif()
  set(_compiled_header cmake_pch.hxx.pch)
  # The time of a header is no reason to refuse what a compiler cache gives back.
  target_compile_options(hark_options INTERFACE "SHELL:-Xclang -fno-pch-timestamp")
  # What the cache (pch_external_checksum, scripts/build) knows a precompiled header by: its bytes hold the path of the folder, and clones are to share what they compile.
  execute_process(COMMAND dpkg-query -W libabsl-dev libsimdjson-dev libgtest-dev libgmock-dev libstdc++-12-dev libc6-dev
                  OUTPUT_VARIABLE _versions ERROR_QUIET)
  string(TOUPPER "CMAKE_CXX_FLAGS_${CMAKE_BUILD_TYPE}" _flags)
  string(SHA256 _sum "${CMAKE_CXX_COMPILER_ID} ${CMAKE_CXX_COMPILER_VERSION} ${_precompiled} ${${_flags}} ${HARK_SANITIZE} ${HARK_FUZZ} ${_versions}")
  foreach(header IN LISTS _headers)
    file(GENERATE OUTPUT ${CMAKE_BINARY_DIR}/CMakeFiles/${header}.dir/${_compiled_header}.sum CONTENT "${header} ${_sum}")
    # What a compilation must wait for. That it has changed is seen by what the compiler says it has read.
    add_custom_target(${header}_ready DEPENDS ${CMAKE_BINARY_DIR}/CMakeFiles/${header}.dir/${_compiled_header})
  endforeach()
endif()

# The sources of a library are compiled a dozen at a time (CMAKE_UNITY_BUILD in the presets), which takes a fifth of the time: names in their anonymous namespaces must
# differ. Tests stay what they are, each in a program of its own.

# hark_precompile(TARGET [_test]): the target uses the precompiled header. By a path that is the same in every clone, for the sake of the cache: relative to where
# Ninja compiles.
function(hark_precompile target)
  if(HARK_PRECOMPILE)
    set(folder CMakeFiles/hark_precompiled${ARGN}.dir)
    add_dependencies(${target} hark_precompiled${ARGN}_ready)
    target_compile_options(${target} PRIVATE "SHELL:-Xclang -include-pch -Xclang ${folder}/${_compiled_header}")
  endif()
endfunction()

# What every event goes through, in replay or in the daemon, is optimised a little in all builds, or the tests take too long: a random case more is worth more than a variable in a debugger.
set(_hot base parse match detect log pipeline rules)

# hark_library(detect SOURCES a.cc b.cc DEPS hark::base absl::status)
function(hark_library name)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPS" ${ARGN})
  add_library(hark_${name} STATIC ${ARG_SOURCES})
  add_library(hark::${name} ALIAS hark_${name})
  target_link_libraries(hark_${name} PUBLIC hark_options ${ARG_DEPS})
  if(name IN_LIST _hot AND CMAKE_BUILD_TYPE STREQUAL "Debug" AND NOT CMAKE_CXX_FLAGS_DEBUG MATCHES "-O")
    target_compile_options(hark_${name} PRIVATE -O1)  # so compiled, the precompiled header would not fit
  else()
    hark_precompile(hark_${name})
  endif()
endfunction()

# What a test may know of the world: where the project and the large recorded logs are, and the
# folder to which it adds the alert lines it makes, for the test alert_schema (tests/CMakeLists.txt).
set(HARK_ALERT_LINES ${CMAKE_BINARY_DIR}/alert_lines)
if(DEFINED ENV{HARK_DATA})
  set(HARK_DATA $ENV{HARK_DATA})
else()
  set(HARK_DATA ${PROJECT_SOURCE_DIR}/../shared/data)
endif()
set(HARK_TEST_ENVIRONMENT
  "HARK_ALERT_LINES=${HARK_ALERT_LINES};HARK_DATA=${HARK_DATA};HARK_SOURCE_DIR=${PROJECT_SOURCE_DIR}")

set(HARK_TEST_TIMEOUT 300 CACHE STRING "Seconds after which a test is stopped; more are needed with many HARK_CASES")

# hark_test(detect/sliding_counter_test DEPS hark::detect)
function(hark_test path)
  cmake_parse_arguments(ARG "" "" "DEPS" ${ARGN})
  string(REPLACE "/" "_" target ${path})
  add_executable(${target} ${PROJECT_SOURCE_DIR}/tests/${path}.cc)
  target_include_directories(${target} PRIVATE ${PROJECT_SOURCE_DIR}/tests)
  target_link_libraries(${target} PRIVATE hark_options ${ARG_DEPS} GTest::gmock GTest::gtest_main)
  target_compile_options(${target} PRIVATE ${_unoptimised})
  set_target_properties(${target} PROPERTIES UNITY_BUILD OFF)
  hark_precompile(${target} _test)
  add_test(NAME ${path} COMMAND ${target})
  set_tests_properties(${path} PROPERTIES
    TIMEOUT ${HARK_TEST_TIMEOUT} ENVIRONMENT "${HARK_TEST_ENVIRONMENT}" FIXTURES_REQUIRED alert_lines)
endfunction()

function(hark_bench name)
  cmake_parse_arguments(ARG "" "" "DEPS" ${ARGN})
  add_executable(${name} ${name}.cc)
  target_link_libraries(${name} PRIVATE hark_options ${ARG_DEPS} benchmark::benchmark_main)
endfunction()

# A fuzz target is always built. Without libFuzzer it links a main() that
# replays files, so that it cannot rot and its corpus runs as a test.
function(hark_fuzz name)
  cmake_parse_arguments(ARG "" "" "DEPS" ${ARGN})
  add_executable(${name} ${name}.cc)
  target_include_directories(${name} PRIVATE ${PROJECT_SOURCE_DIR}/tests)
  target_link_libraries(${name} PRIVATE hark_options ${ARG_DEPS})
  if(HARK_FUZZ)
    target_compile_options(${name} PRIVATE -fsanitize=fuzzer)
    target_link_options(${name} PRIVATE -fsanitize=fuzzer)
  else()
    target_sources(${name} PRIVATE ${PROJECT_SOURCE_DIR}/tests/fuzz/replay_main.cc)
    hark_precompile(${name})
    add_test(NAME fuzz/${name} COMMAND ${name} ${CMAKE_CURRENT_SOURCE_DIR}/corpus/${name})
  endif()
endfunction()
