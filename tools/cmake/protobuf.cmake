# protobuf.cmake - runs protoc-c and makes one library of what it writes.
# Headers land in <build>/generated/proto/, so a codec includes "proto/table.pb-c.h".
find_program(PROTOC_C protoc-c REQUIRED)
function(protobuf_c_library name)
    set(out "${CMAKE_BINARY_DIR}/generated")
    file(MAKE_DIRECTORY "${out}/proto")
    set(sources)
    foreach(message ${ARGN})
        get_filename_component(stem "${message}" NAME_WE)
        add_custom_command(
            OUTPUT "${out}/proto/${stem}.pb-c.c" "${out}/proto/${stem}.pb-c.h"
            COMMAND "${PROTOC_C}" "--c_out=${out}" "--proto_path=${CMAKE_SOURCE_DIR}" "${message}"
            DEPENDS "${message}" VERBATIM)
        list(APPEND sources "${out}/proto/${stem}.pb-c.c")
    endforeach()
    add_library(${name} STATIC ${sources})
    target_include_directories(${name} PUBLIC "${out}")
    target_link_libraries(${name} PUBLIC PkgConfig::protobuf_c)
    if(KATYDID_SANITIZE)
        target_compile_options(${name} PRIVATE -fsanitize=address)
    endif()
endfunction()
