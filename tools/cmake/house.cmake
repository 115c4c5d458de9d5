# house.cmake - the compiler flags every room of ours is built with.
# Generated code and the engines of test tools do not link `house`, so they are spared the warnings.
add_library(house INTERFACE)
target_include_directories(house INTERFACE "${CMAKE_SOURCE_DIR}")
target_compile_options(house INTERFACE
    -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wformat=2 -Wundef -Wvla
    -Wstrict-prototypes -Wmissing-prototypes -Wwrite-strings -Wcast-qual -Wpointer-arith
    -Wimplicit-fallthrough -fno-common -ffunction-sections -fdata-sections)
target_link_options(house INTERFACE -Wl,--gc-sections)
# Output parameters are written on success only. gcc, optimising, cannot follow that and cries wolf; clang's
# -Wsometimes-uninitialized and the sanitizers of the dev preset look at the same mistakes.
if(CMAKE_C_COMPILER_ID STREQUAL "GNU")
    target_compile_options(house INTERFACE -Wno-maybe-uninitialized)
endif()
if(KATYDID_WERROR)
    target_compile_options(house INTERFACE -Werror)
endif()

# Assertions stay on in every build: they guard against our own bugs, and a bug in release is still a bug.
foreach(kind DEBUG RELEASE RELWITHDEBINFO MINSIZEREL)
    string(REGEX REPLACE "[-/]DNDEBUG" "" CMAKE_C_FLAGS_${kind} "${CMAKE_C_FLAGS_${kind}}")
endforeach()

if(KATYDID_SANITIZE)
    target_compile_options(house INTERFACE -fsanitize=address,undefined -fno-omit-frame-pointer
        -fno-sanitize-recover=all)
    target_link_options(house INTERFACE -fsanitize=address,undefined)
elseif(NOT CMAKE_BUILD_TYPE STREQUAL "Debug")
    target_compile_options(house INTERFACE -D_FORTIFY_SOURCE=2 -fstack-protector-strong
        -fstack-clash-protection -fPIE)
    target_link_options(house INTERFACE -pie -Wl,-z,relro,-z,now)
endif()
if(KATYDID_COVERAGE)
    target_compile_options(house INTERFACE --coverage)
    target_link_options(house INTERFACE --coverage)
endif()
if(KATYDID_TESTING)
    target_compile_definitions(house INTERFACE KATYDID_TESTING=1)
endif()
if(KATYDID_FUZZ)
    target_compile_options(house INTERFACE -fsanitize=fuzzer-no-link)
endif()
