// void nsrt_m7_largest(to, a, b, c, uint32_t bytes): to[i] = max(a[i], b[i], c[i]), four int8 at a time, for four bytes and
// more; the last ones are read again with their neighbours. SSUB8 notes for every byte whether the difference was ≥ 0, before it
// lost a bit; SEL reads that.

  .syntax unified
  .thumb
  .section .text.nsrt_m7_largest, "ax", %progbits
  .balign 8
  .global nsrt_m7_largest
  .type nsrt_m7_largest, %function
nsrt_m7_largest:
  push {r4-r7, lr}
  ldr r4, [sp, #20]
  subs r4, #4
1:
  ldr r5, [r1], #4
  ldr r6, [r2], #4
  ssub8 r7, r5, r6
  ldr r12, [r3], #4
  sel r5, r5, r6
  ssub8 r7, r5, r12
  sel r5, r5, r12
  subs r4, #4
  str r5, [r0], #4
  bge 1b
  adds r5, r4, #4  // bytes that stand over
  beq 2f
  add r0, r4
  add r1, r4
  add r2, r4
  add r3, r4
  movs r4, #0
  b 1b
2:
  pop {r4-r7, pc}
  .size nsrt_m7_largest, . - nsrt_m7_largest
