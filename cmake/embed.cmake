# cmake -D DIRECTORIES=name=path;... -D OUTPUT=embedded.S.cc -P embed.cmake
# Writes a C++ file whose functions give the bytes of all files below each directory. The bytes come
# in by the assembler's .incbin, so that no compiler has to read them as numbers.
set(code "#include \"tocsin/embedded.h\"\n\n#include <array>\n\n")
set(tables "")
set(number 0)
foreach(pair IN LISTS DIRECTORIES)
  string(REGEX MATCH "^([^=]+)=(.*)$" _ "${pair}")
  set(name ${CMAKE_MATCH_1})
  set(directory ${CMAKE_MATCH_2})
  file(GLOB_RECURSE files RELATIVE ${directory} ${directory}/*)
  list(SORT files)
  set(rows "")
  set(count 0)
  foreach(file IN LISTS files)
    if(file MATCHES "(^|/)\\.")
      continue()
    endif()
    file(SIZE ${directory}/${file} size)
    string(APPEND code "__asm__(\".section .rodata\\n.balign 16\\n.global tocsin_file_${number}\\n"
           "tocsin_file_${number}:\\n.incbin \\\"${directory}/${file}\\\"\\n.byte 0\\n.previous\\n\");\n"
           "extern \"C\" const char tocsin_file_${number}[];\n")
    string(APPEND rows "      EmbeddedFile{\"${file}\", {tocsin_file_${number}, ${size}}},\n")
    math(EXPR number "${number} + 1")
    math(EXPR count "${count} + 1")
  endforeach()
  string(APPEND tables "std::span<const EmbeddedFile> ${name}() {\n"
         "  static const std::array<EmbeddedFile, ${count}> files{{\n${rows}  }};\n  return files;\n}\n\n")
endforeach()
file(WRITE ${OUTPUT}.new "${code}\nnamespace tocsin {\n\n${tables}}  // namespace tocsin\n")
execute_process(COMMAND ${CMAKE_COMMAND} -E copy_if_different ${OUTPUT}.new ${OUTPUT})
file(TOUCH ${OUTPUT})
