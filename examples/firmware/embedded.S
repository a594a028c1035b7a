/* The model and an image, as they would lie in flash. The runtime wants the model aligned to 16 bytes and reads it in place. */
  .section .rodata.embedded, "a"
  .global model_begin, model_end, image
  .balign 32
model_begin:
  .incbin MODEL
model_end:
  .balign 4
image:
  .incbin IMAGE
