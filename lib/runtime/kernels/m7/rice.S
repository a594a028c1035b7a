// Records of nested weights with Rice-coded gaps (docs/format/nsm.md, encoding 4) to ScalarEntries, from the end of
// the list downwards: all addresses first, then all weights.

  .syntax unified
  .thumb

// Offsets in RiceRow and RiceStream.
  .equ kWeightSum, 16
  .equ kValues, 16

// void name(RiceRow*, RiceStream*, uint32_t records)
// r0 entries' addresses, r1 tap, r2 origin, r3 bytes between planes, r4 bits, r5 how many beyond 16, r6 next bits,
// r7 k + 1, r11 what a code's own one and gap - 1 add too much, r12 records left, lr 31 - k.
  .macro rice name, block
  .section .text.\name, "ax", %progbits
  .balign 8
  .global \name
  .type \name, %function
\name:
  push {r0, r1, r4-r11, lr}
  mov r12, r2
  ldm r1, {r4-r7}
  ldm r0, {r0-r3}
  mov r11, #2
  rsb lr, r7, #31
  lsl r8, r11, r7
  add r0, #4
  sub r11, r8
  add r7, #1
1:
  clz r8, r4
  lsl r4, r4, r8
  lsl r9, r8, r7
  lsr r10, r4, lr
  add r9, r11
  add r9, r9, r10, lsl #1
  add r8, r7
  add r1, r9
  lsl r4, r4, r7
  ldrh r10, [r1]
  subs r5, r8
  bmi 4f
2:
  add r10, r2, r10, lsl #2
  str r10, [r0, #-8]!
  .rept \block - 1
  add r10, r3
  str r10, [r0, #-8]!
  .endr
  subs r12, #1
  bne 1b
  pop {r7, r8}
  sub r0, #4
  ldr r9, [r7]
  stm r7, {r0, r1}
  stm r8, {r4-r6}
  ldr r1, [r8, #kValues]
  ldr r3, [r7, #kWeightSum]
3:
  .rept \block
  ldrsb r10, [r1], #1
  add r3, r10
  lsl r10, #8
  str r10, [r9, #-8]!
  .endr
  cmp r9, r0
  bne 3b
  str r1, [r8, #kValues]
  str r3, [r7, #kWeightSum]
  pop {r4-r11, pc}
4:
  rsb r8, r5, #0
  ldrh r9, [r6], #2
  add r5, #16
  lsl r9, r9, r8
  orr r4, r9
  b 2b
  .size \name, . - \name
  .endm

  rice nsrt_m7_rice_1, 1
  rice nsrt_m7_rice_2, 2
  rice nsrt_m7_rice_4, 4
