# The header-only libraries of everything that runs packed models. Cross-compiling, they are this computer's own headers, reached
# through a folder of their own: /usr/include itself also holds the C library of the wrong architecture.

# nestkit_use_headers(target folder [definition]...): the target stands for /usr/include/folder.
function(nestkit_use_headers target folder)
  if(NOT EXISTS /usr/include/${folder})
    message(FATAL_ERROR "/usr/include/${folder} not found: scripts/setup installs it")
  endif()
  set(headers ${PROJECT_BINARY_DIR}/headers)
  file(MAKE_DIRECTORY ${headers})
  file(CREATE_LINK /usr/include/${folder} ${headers}/${folder} SYMBOLIC)
  if(NOT TARGET ${target})
    add_library(${target} INTERFACE IMPORTED GLOBAL)
  endif()
  set_target_properties(${target} PROPERTIES INTERFACE_INCLUDE_DIRECTORIES ${headers} INTERFACE_COMPILE_DEFINITIONS "${ARGN}")
endfunction()

if(CMAKE_CROSSCOMPILING)
  nestkit_use_headers(nlohmann_json::nlohmann_json nlohmann)
  nestkit_use_headers(CLI11::CLI11 CLI)
  nestkit_use_headers(fmt::fmt-header-only fmt FMT_HEADER_ONLY)
  nestkit_use_headers(spdlog::spdlog spdlog SPDLOG_FMT_EXTERNAL)
  set_property(TARGET spdlog::spdlog PROPERTY INTERFACE_LINK_LIBRARIES fmt::fmt-header-only)
else()
  find_package(nlohmann_json REQUIRED)
  find_package(CLI11 REQUIRED)
  find_package(spdlog REQUIRED)
endif()
