if(NESTKIT_SANITIZE)
  # GCC 12 sees uninitialised values in libstdc++ that are not there once sanitizers rearrange the code.
  add_compile_options(-Wno-maybe-uninitialized)
  add_compile_options(-fsanitize=${NESTKIT_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  if(NESTKIT_SANITIZE MATCHES "address")
    # Null and beyond an object's end the address sanitizer finds too, and there are no casts down; they would cost much of the build's time.
    add_compile_options(-fno-sanitize=null,object-size,vptr)
  endif()
  add_link_options(-fsanitize=${NESTKIT_SANITIZE})
endif()
