# Warnings are errors; floating point is the same on every build (no contraction), so that a
# replay equals what was live byte for byte.
if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Release)
endif()
add_compile_options(-Wall -Wextra -Werror -Wshadow -Wnon-virtual-dtor -ffp-contract=off
                    -fno-omit-frame-pointer)
set(CMAKE_CXX_FLAGS_RELEASE "-O2 -g1")
if(NOT TOCSIN_SANITIZE AND NOT TOCSIN_FUZZ)  # those presets bring their own
  set(CMAKE_CXX_FLAGS_DEBUG "-O0 -g")
endif()
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # GCC 12 reports these on correct code of the standard library at -O2.
  add_compile_options(-Wno-restrict -Wno-maybe-uninitialized -Wno-array-bounds
                      -Wno-stringop-overflow -Wno-stringop-overread -Wno-dangling-pointer)
endif()
if(CMAKE_CXX_COMPILER_ID MATCHES "Clang")
  # std::stable_sort of libstdc++ 12 uses what it calls deprecated itself.
  add_compile_options(-Wno-deprecated-declarations)
endif()
if(TOCSIN_SANITIZE STREQUAL "address")
  add_compile_options(-fsanitize=address,undefined -fno-sanitize-recover=all)
  add_link_options(-fsanitize=address,undefined)
elseif(TOCSIN_SANITIZE STREQUAL "thread")
  # TSan does not know fences; Asio without them uses operations that it does know.
  add_compile_options(-fsanitize=thread -DBOOST_ASIO_DISABLE_FENCED_BLOCK -Wno-tsan)
  add_link_options(-fsanitize=thread)
endif()
if(TOCSIN_FUZZ)
  add_compile_options(-fsanitize=fuzzer-no-link,address,undefined)
  add_link_options(-fsanitize=address,undefined)
endif()
find_program(MOLD mold)
if(MOLD)
  add_link_options(-fuse-ld=mold)
endif()
find_program(CCACHE ccache)
if(CCACHE)
  # Paths inside the tree are hashed relative to the build folder: every build folder shares the cache.
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env CCACHE_BASEDIR=${CMAKE_SOURCE_DIR}
      CCACHE_NOHASHDIR=1 ${CCACHE})
endif()
