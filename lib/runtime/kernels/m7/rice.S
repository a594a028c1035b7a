// Records of nested weights with Rice-coded gaps (docs/format/nsm.md, encoding 4) to ScalarEntries, from the end of
// the list downwards: all addresses first, then all weights.

  .syntax unified
  .thumb

// Offsets in RiceRow and RiceStream.
  .equ kWeightSum, 16
  .equ kValues, 16

// void nsrt_m7_rice(RiceRow*, RiceStream*, uint32_t records, block): block is the address of one of the labels below.
// r0 entries' addresses, r1 tap, r2 origin, r3 bytes between planes, r4 bits, r5 how many beyond 16, r6 next bits,
// r7 k + 1, r9 2^(k + 1), r11 what a code's own one and gap - 1 add too much, r12 records left, lr 31 - k.
  .section .text.nsrt_m7_rice, "ax", %progbits
  .balign 8
  .irp label, nsrt_m7_rice, nsrt_m7_rice_1, nsrt_m7_rice_2, nsrt_m7_rice_4
  .global \label
  .type \label, %function
  .endr
nsrt_m7_rice:
  push {r0, r1, r3-r11, lr}
  mov r12, r2
  ldm r1, {r4-r7}
  ldm r0, {r0-r3}
  mov r11, #2
  rsb lr, r7, #31
  lsl r9, r11, r7
  add r0, #4
  sub r11, r9
  add r7, #1
1:
  clz r8, r4
  lsl r4, r4, r8
  mla r1, r8, r9, r1
  lsr r10, r4, lr
  add r1, r11
  add r1, r1, r10, lsl #1
  add r8, r7
  lsl r4, r4, r7
  subs r5, r8
  bmi 5f
2:
  ldrh r10, [r1]
  add r10, r2, r10, lsl #2
  str r10, [r0, #-8]!
  ldr pc, [sp, #8]  // block
nsrt_m7_rice_4:
  .rept 2
  add r10, r3
  str r10, [r0, #-8]!
  .endr
nsrt_m7_rice_2:
  add r10, r3
  str r10, [r0, #-8]!
nsrt_m7_rice_1:
  subs r12, #1
  bne 1b
  pop {r7, r8, r10}
  sub r0, #4
  ldr r9, [r7]
  stm r7, {r0, r1}
  stm r8, {r4-r6}
  ldr r1, [r8, #kValues]
  ldr r3, [r7, #kWeightSum]
  sub r10, r9, r0
  lsls r10, r10, #28  // an odd number of entries of eight bytes
  bmi 4f
  .macro weight
  ldrsb r10, [r1], #1
  add r3, r10
  lsl r10, #8
  str r10, [r9, #-8]!
  .endm
3:
  weight
4:
  weight
  cmp r9, r0
  bne 3b
  str r1, [r8, #kValues]
  str r3, [r7, #kWeightSum]
  pop {r4-r11, pc}
5:
  rsb r8, r5, #0
  ldrh r10, [r6], #2
  add r5, #16
  lsl r10, r10, r8
  orr r4, r10
  b 2b
  .size nsrt_m7_rice, . - nsrt_m7_rice
