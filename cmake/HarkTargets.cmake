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
if(HARK_PRECOMPILE)  # with clang and Ninja
  # Headers of libraries only, and none by its path: clones in different folders then share what the compiler cache has. A file must include what it uses all the
  # same; the presets without this see that it does.
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
  add_library(hark_precompiled_test OBJECT ${CMAKE_BINARY_DIR}/empty.cc)
  target_include_directories(hark_precompiled_test PRIVATE ${PROJECT_SOURCE_DIR}/tests)
  target_link_libraries(hark_precompiled_test PRIVATE hark_options GTest::gmock)
  target_precompile_headers(hark_precompiled_test PRIVATE ${_precompiled}
                            <gmock/gmock.h> <gtest/gtest.h>)
  # The time of a header is no reason to refuse what a compiler cache gives back.
  target_compile_options(hark_options INTERFACE "SHELL:-Xclang -fno-pch-timestamp")
  # What the cache (pch_external_checksum, scripts/build) knows a precompiled header by: its bytes hold the path of the folder, and clones are to share what they compile.
  execute_process(COMMAND dpkg-query -W libabsl-dev libsimdjson-dev libgtest-dev libgmock-dev libstdc++-12-dev libc6-dev
                  OUTPUT_VARIABLE _versions ERROR_QUIET)
  string(SHA256 _sum "${CMAKE_CXX_COMPILER_VERSION} ${_precompiled} ${CMAKE_CXX_FLAGS_DEBUG} ${HARK_SANITIZE} ${HARK_FUZZ} ${_versions}")
  foreach(header hark_precompiled hark_precompiled_test)
    file(GENERATE OUTPUT ${CMAKE_BINARY_DIR}/CMakeFiles/${header}.dir/cmake_pch.hxx.pch.sum CONTENT "${header} ${_sum}")
  endforeach()
endif()

# hark_precompile(TARGET [_test]): the target uses the precompiled header. By a path that is the same in every clone, for the sake of the cache: relative to where
# Ninja compiles.
function(hark_precompile target)
  if(HARK_PRECOMPILE)
    set(header hark_precompiled${ARGN})
    get_target_property(sources ${target} SOURCES)
    set_property(SOURCE ${sources} APPEND PROPERTY
      OBJECT_DEPENDS ${CMAKE_BINARY_DIR}/CMakeFiles/${header}.dir/cmake_pch.hxx.pch)
    target_compile_options(${target} PRIVATE "SHELL:-Xclang -include-pch -Xclang CMakeFiles/${header}.dir/cmake_pch.hxx.pch")
  endif()
endfunction()

# hark_library(detect SOURCES a.cc b.cc DEPS hark::base absl::status)
function(hark_library name)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPS" ${ARGN})
  add_library(hark_${name} STATIC ${ARG_SOURCES})
  add_library(hark::${name} ALIAS hark_${name})
  target_link_libraries(hark_${name} PUBLIC hark_options ${ARG_DEPS})
  hark_precompile(hark_${name})
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

# hark_test(detect/sliding_counter_test DEPS hark::detect)
function(hark_test path)
  cmake_parse_arguments(ARG "" "" "DEPS" ${ARGN})
  string(REPLACE "/" "_" target ${path})
  add_executable(${target} ${PROJECT_SOURCE_DIR}/tests/${path}.cc)
  target_include_directories(${target} PRIVATE ${PROJECT_SOURCE_DIR}/tests)
  target_link_libraries(${target} PRIVATE hark_options ${ARG_DEPS} GTest::gmock GTest::gtest_main)
  hark_precompile(${target} _test)
  add_test(NAME ${path} COMMAND ${target})
  set_tests_properties(${path} PROPERTIES
    TIMEOUT 300 ENVIRONMENT "${HARK_TEST_ENVIRONMENT}" FIXTURES_REQUIRED alert_lines)
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
    add_test(NAME fuzz/${name} COMMAND ${name} ${CMAKE_CURRENT_SOURCE_DIR}/corpus/${name})
  endif()
endfunction()
