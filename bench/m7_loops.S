// One turn of the M7 inner loops, written in several ways that compute the same: what docs/cycle_model.md compares.
//   scripts/cycle_model.py --loops bench/m7_loops.S
// "address": the next entry's address is loaded between the multiplications of this one.

  .syntax unified
  .thumb

  .macro smlals
  smlal r4, r5, r0, lr
  smlal r6, r7, r1, lr
  smlal r8, r9, r2, lr
  smlal r10, r11, r3, lr
  .endm

sparse_ldrd_ldm:  // NSRT_M7_FEWEST_INSTRUCTIONS
  ldrd lr, r0, [r12], #8
  add r0, sp
  ldm r0, {r0-r3}
  smlals

sparse_address_ldm:  // the default
  ldr lr, [r12], #8
  ldm r0, {r0-r3}
  smlal r4, r5, r0, lr
  ldr r0, [r12, #4]
  smlal r6, r7, r1, lr
  smlal r8, r9, r2, lr
  add r0, sp
  smlal r10, r11, r3, lr

sparse_address_ldr:
  smlal r4, r5, r0, lr
  ldr r0, [r12, #12]
  smlal r6, r7, r1, lr
  add r0, sp
  smlal r8, r9, r2, lr
  ldr r1, [r0, #4]
  smlal r10, r11, r3, lr
  ldr lr, [r12, #8]!
  ldr r2, [r0, #8]
  ldr r3, [r0, #12]
  ldr r0, [r0]

dense_ldm_ldrd:  // NSRT_M7_FEWEST_INSTRUCTIONS
  ldm r12!, {r0-r2}
  add r0, sp
  ldrd r3, lr, [r0]
  smlad r4, r3, r1, r4
  smlad r8, r3, r2, r8
  smlad r5, lr, r1, r5
  smlad r9, lr, r2, r9
  ldrd r3, lr, [r0, #8]
  smlad r6, r3, r1, r6
  smlad r10, r3, r2, r10
  smlad r7, lr, r1, r7
  smlad r11, lr, r2, r11

dense_address_ldrd:
  ldrd r2, lr, [r12, #4]
  ldrd r1, r3, [r0]
  smlad r9, r3, lr, r9
  smlad r8, r1, lr, r8
  smlad r5, r3, r2, r5
  smlad r4, r1, r2, r4
  ldrd r1, r3, [r0, #8]
  ldr r0, [r12, #12]!
  smlad r7, r3, r2, r7
  smlad r6, r1, r2, r6
  smlad r10, r1, lr, r10
  add r0, sp
  smlad r11, r3, lr, r11

dense_address_two_ldrd:
  ldrd r2, lr, [r12, #4]
  ldrd r1, r3, [r0]
  smlad r9, r3, lr, r9
  smlad r8, r1, lr, r8
  smlad r4, r1, r2, r4
  ldr r1, [r0, #8]
  smlad r5, r3, r2, r5
  ldr r3, [r0, #12]
  smlad r6, r1, r2, r6
  smlad r11, r3, lr, r11
  ldr r0, [r12, #12]!
  smlad r7, r3, r2, r7
  smlad r10, r1, lr, r10
  add r0, sp

dense_address_one_ldrd:  // the default
  ldr r3, [r0, #4]
  ldrd r2, lr, [r12, #4]
  smlad r5, r3, r2, r5
  ldr r1, [r0]
  smlad r9, r3, lr, r9
  smlad r8, r1, lr, r8
  ldr r3, [r0, #12]
  smlad r4, r1, r2, r4
  ldr.w r1, [r0, #8]
  smlad r11, r3, lr, r11
  ldr r0, [r12, #12]!
  smlad r7, r3, r2, r7
  add r0, sp
  smlad r6, r1, r2, r6
  smlad r10, r1, lr, r10

dense_address_ldr:
  ldr r1, [r0]
  smlad r5, r3, r2, r5
  ldr r3, [r0, #12]
  smlad r8, r1, lr, r8
  smlad r4, r1, r2, r4
  ldr r1, [r0, #8]
  ldr r0, [r12, #12]!
  smlad r7, r3, r2, r7
  smlad r10, r1, lr, r10
  add r0, sp
  smlad r11, r3, lr, r11
  ldr lr, [r12, #8]
  smlad r6, r1, r2, r6
  ldr r3, [r0, #4]
  ldr r2, [r12, #4]
  smlad r9, r3, lr, r9
