if(NESTKIT_SANITIZE)
  add_compile_options(-fsanitize=${NESTKIT_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${NESTKIT_SANITIZE})
endif()
