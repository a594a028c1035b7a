// void nsrt_m7_add(const AddRun*, a, b, out, uint32_t fours): four sums of two int8 at a time. Pixels 0 and 2 of a word
// lie in the halves of one register, 1 and 3 in another; SMLABB takes the low, SMLATB the high one. int32 sums cannot
// overflow (docs/numerics.md).

  .syntax unified
  .thumb
  .section .text.nsrt_m7_add, "ax", %progbits
  .balign 8
  .global nsrt_m7_add
  .type nsrt_m7_add, %function
nsrt_m7_add:
  push {r4-r11, lr}
  ldr lr, [sp, #36]
  ldm r0, {r8-r11}  // m0, m1, bias, shift
  add lr, r3, lr, lsl #2
1:
  ldr r4, [r1], #4
  sxtb16 r5, r4, ror #8
  ldr r6, [r2], #4
  sxtb16 r7, r6, ror #8
  smlabb r12, r5, r8, r10
  sxtb16 r4, r4
  smlabb r12, r7, r9, r12
  sxtb16 r6, r6
  smlabb r0, r4, r8, r10
  smlatb r4, r4, r8, r10
  asr r12, r11
  smlabb r0, r6, r9, r0
  smlatb r5, r5, r8, r10
  ssat r12, #8, r12
  smlatb r4, r6, r9, r4
  asr r0, r11
  smlatb r5, r7, r9, r5
  ssat r0, #8, r0
  asr r4, r11
  bfi r0, r12, #8, #8
  asr r5, r11
  ssat r4, #8, r4
  ssat r5, #8, r5
  bfi r0, r4, #16, #8
  bfi r0, r5, #24, #8
  str r0, [r3], #4
  cmp r3, lr
  bne 1b
  pop {r4-r11, pc}
  .size nsrt_m7_add, . - nsrt_m7_add
