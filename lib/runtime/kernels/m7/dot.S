// Dot products of int8 rows with int16 inputs: SXTB16 halves a word of weights into bytes 0, 2 and 1, 3, so the inputs
// lie in that order. int32 sums cannot overflow (the packer's proof).

  .syntax unified
  .thumb

// void nsrt_m7_widen(to, from, count)
  .section .text.nsrt_m7_widen, "ax", %progbits
  .global nsrt_m7_widen
  .type nsrt_m7_widen, %function
nsrt_m7_widen:
  subs r2, #4
  blo 2f
1:
  ldr r3, [r1], #4
  subs r2, #4
  sxtb16 r12, r3
  sxtb16 r3, r3, ror #8
  strd r12, r3, [r0], #8
  bhs 1b
2:  // r2 = -4 … -1: 0 … 3 values left
  adds r2, #4
  beq 3f
  mov r12, #0
  strd r12, r12, [r0]
  ldrsb r3, [r1]
  strh r3, [r0]
  cmp r2, #2
  it hs
  ldrsbhs r3, [r1, #1]
  it hs
  strhhs r3, [r0, #4]
  it hi
  ldrsbhi r3, [r1, #2]
  it hi
  strhhi r3, [r0, #2]
3:
  bx lr
  .size nsrt_m7_widen, . - nsrt_m7_widen

  .macro eight row, sum
  ldrd r9, r10, [\row], #8
  sxtb16 r11, r9
  smlad \sum, r11, r5, \sum
  sxtb16 r9, r9, ror #8
  smlad \sum, r9, r6, \sum
  sxtb16 r11, r10
  smlad \sum, r11, r7, \sum
  sxtb16 r10, r10, ror #8
  smlad \sum, r10, r8, \sum
  .endm

  .macro four row, sum
  ldr r9, [\row], #4
  sxtb16 r11, r9
  smlad \sum, r11, r5, \sum
  sxtb16 r9, r9, ror #8
  smlad \sum, r9, r6, \sum
  .endm

// void nsrt_m7_dot_two_rows(wide, a, b, quads, sums)
  .section .text.nsrt_m7_dot_two_rows, "ax", %progbits
  .global nsrt_m7_dot_two_rows
  .type nsrt_m7_dot_two_rows, %function
nsrt_m7_dot_two_rows:
  push {r4-r11, lr}
  ldr r4, [sp, #36]
  ldrd r12, lr, [r4]
  subs r3, #8
  blo 2f
1:
  .rept 4
  ldm r0!, {r5-r8}
  eight r1, r12
  eight r2, lr
  .endr
  subs r3, #8
  bhs 1b
2:
  adds r3, #8
  beq 4f
3:
  ldrd r5, r6, [r0], #8
  four r1, r12
  four r2, lr
  subs r3, #1
  bne 3b
4:
  strd r12, lr, [r4]
  pop {r4-r11, pc}
  .size nsrt_m7_dot_two_rows, . - nsrt_m7_dot_two_rows
