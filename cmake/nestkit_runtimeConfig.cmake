# The target nestkit::runtime: the engine that runs packed models, with its C header <nsrt/nsrt.h>.
set(nestkit_targets ${CMAKE_CURRENT_LIST_DIR}/targets-${CMAKE_SYSTEM_PROCESSOR}.cmake)
if(NOT EXISTS ${nestkit_targets})
  file(GLOB nestkit_processors RELATIVE ${CMAKE_CURRENT_LIST_DIR} ${CMAKE_CURRENT_LIST_DIR}/targets-*.cmake)
  set(nestkit_runtime_FOUND FALSE)
  set(nestkit_runtime_NOT_FOUND_MESSAGE "not installed for CMAKE_SYSTEM_PROCESSOR '${CMAKE_SYSTEM_PROCESSOR}', only: ${nestkit_processors}")
  return()
endif()
include(${nestkit_targets})
# Written in C++, but it needs nothing of it at run time: a C project may link it.
foreach(configuration RELEASE NOCONFIG MINSIZEREL RELWITHDEBINFO DEBUG)
  set_target_properties(nestkit::runtime PROPERTIES IMPORTED_LINK_INTERFACE_LANGUAGES_${configuration} C)
endforeach()
