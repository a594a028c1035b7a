if(NESTKIT_SANITIZE)
  # GCC 12 sees uninitialised values in libstdc++ that are not there once sanitizers rearrange the code.
  add_compile_options(-Wno-maybe-uninitialized)
  add_compile_options(-fsanitize=${NESTKIT_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${NESTKIT_SANITIZE})
endif()
