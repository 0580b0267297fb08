# hark_embed_rules(OUTPUT.cc): the rule files of rules/ become the bytes behind
# hark::rules::ShippedRules(), so that the binary needs no folder beside it. Written anew when one
# of them changes, comes or goes.
#
# This file is also the script that writes it:
#   cmake -DHARK_EMBED_OUTPUT=FILE -DHARK_EMBED_ROOT=DIR -P EmbedRules.cmake
# embeds all that is below DIR/rules.

set(_hark_embed_script ${CMAKE_CURRENT_LIST_FILE})

# The shipped rule files, sorted, relative to the root. Tests of rules are not shipped.
function(_hark_find_rules root files)
  file(GLOB_RECURSE found RELATIVE ${root} ${ARGN} ${root}/rules/*.yml)
  list(FILTER found EXCLUDE REGEX "_test\\.yml$")
  list(SORT found)
  set(${files} ${found} PARENT_SCOPE)
endfunction()

function(hark_embed_rules output)
  _hark_find_rules(${PROJECT_SOURCE_DIR} files CONFIGURE_DEPENDS)
  list(TRANSFORM files PREPEND ${PROJECT_SOURCE_DIR}/ OUTPUT_VARIABLE paths)
  # The list of names is a dependency of its own: a file that is gone is no newer than the output.
  file(GENERATE OUTPUT ${output}.names CONTENT "${files}\n")
  add_custom_command(
    OUTPUT ${output}
    COMMAND ${CMAKE_COMMAND} -DHARK_EMBED_OUTPUT=${output} -DHARK_EMBED_ROOT=${PROJECT_SOURCE_DIR}
            -P ${_hark_embed_script}
    DEPENDS ${paths} ${output}.names ${_hark_embed_script}
    COMMENT "Embedding the shipped rules"
    VERBATIM)
endfunction()

function(_hark_write_rules output root)
  _hark_find_rules(${root} files)
  set(arrays "")
  set(entries "")
  set(index 0)
  foreach(file IN LISTS files)
    file(READ ${root}/${file} bytes HEX)
    # Sixteen bytes a line.
    string(REGEX REPLACE "(................................)" "\\1\n    " bytes "${bytes}")
    string(REGEX REPLACE "([0-9a-f][0-9a-f])" "'\\\\x\\1'," bytes "${bytes}")
    string(APPEND arrays "constexpr char kFile${index}[] = {\n    ${bytes}'\\0'};\n")
    string(APPEND entries
           "      {\"${file}\", std::string(kFile${index}, sizeof(kFile${index}) - 1)},\n")
    math(EXPR index "${index} + 1")
  endforeach()
  file(WRITE ${output}
       "// Made by cmake/EmbedRules.cmake of the files in rules/.\n"
       "#include <string>\n#include <vector>\n\n#include \"rules/loader.h\"\n\n"
       "namespace hark::rules {\nnamespace {\n\n${arrays}\n}  // namespace\n\n"
       "const std::vector<RuleFile>& ShippedRules() {\n"
       "  static const std::vector<RuleFile> files = {\n${entries}  };\n"
       "  return files;\n}\n\n}  // namespace hark::rules\n")
endfunction()

if(DEFINED HARK_EMBED_OUTPUT)
  _hark_write_rules(${HARK_EMBED_OUTPUT} ${HARK_EMBED_ROOT})
endif()
