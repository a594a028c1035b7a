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
  sxtb16 r9, r9, ror #8
  smlad \sum, r11, r5, \sum
  sxtb16 r1, r10
  smlad \sum, r9, r6, \sum
  sxtb16 r10, r10, ror #8
  smlad \sum, r1, r7, \sum
  smlad \sum, r10, r8, \sum
  .endm

  .macro four row, sum
  ldr r9, [\row], #4
  sxtb16 r11, r9
  smlad \sum, r11, r5, \sum
  sxtb16 r9, r9, ror #8
  smlad \sum, r9, r6, \sum
  .endm

// Offsets in LinearRows.
  .equ kPairs, 12
  .equ kFrom, 16
  .equ kFinish, 24
  .equ kOut, 28

// void nsrt_m7_linear_rows(wide, LinearRows*): pairs of rows; moves on what it walks over.
// r0 wide, r2 and r3 the two rows, r4 quads left, r12 and r14 sums; [sp] wide, [sp, #4] the LinearRows.
  .section .text.nsrt_m7_linear_rows, "ax", %progbits
  .balign 8
  .irp label, nsrt_m7_linear_rows, nsrt_m7_linear_sums, nsrt_m7_linear_s8, nsrt_m7_linear_s16
  .global \label
  .type \label, %function
  .endr
nsrt_m7_linear_rows:
  push {r0, r1, r4-r11, lr}
1:
  ldm r1, {r2-r6}  // rows, row_bytes, quads, pairs, from
  ldr r5, [r1, #kFrom + 4]
  ldr r0, [sp]
  ldr r12, [r6]
  ldr lr, [r6, r5]
  add r3, r2
  subs r4, #8
  blo 3f
2:
  .rept 4
  ldm r0!, {r5-r8}
  eight r2, r12
  eight r3, lr
  .endr
  subs r4, #8
  bhs 2b
3:
  adds r4, #8
  beq 5f
4:
  ldrd r5, r6, [r0], #8
  four r2, r12
  four r3, lr
  subs r4, #1
  bne 4b
5:
  ldr r1, [sp, #4]
  ldr r6, [r1, #kFrom]
  ldr pc, [r1, #kFinish]

nsrt_m7_linear_sums:
  strd r12, lr, [r6], #8
6:
  str r6, [r1, #kFrom]
  ldm r1, {r2-r5}
  add r2, r2, r3, lsl #1
  subs r5, #1
  str r2, [r1]
  str r5, [r1, #kPairs]
  bne 1b
  pop {r0, r1, r4-r11, pc}

  .macro outputs bits, store, step
  ldrd r7, r8, [r1, #kOut]  // out, zero point
  ldr r9, [r6, #-4]
  ldr r10, [r6, #4]
  smmlar r12, r12, r9, r8
  smmlar lr, lr, r10, r8
  add r6, #16
  ssat r12, #\bits, r12
  ssat lr, #\bits, lr
  \store r12, [r7], #\step
  \store lr, [r7], #\step
  str r7, [r1, #kOut]
  b 6b
  .endm
nsrt_m7_linear_s8:
  outputs 8, strb, 1
nsrt_m7_linear_s16:
  outputs 16, strh, 2
  .size nsrt_m7_linear_rows, . - nsrt_m7_linear_rows

// int32_t name(in, counts, levels, record**)
// r0 sum, r1 counts, r2 end of counts, r3 record, r4 in, r5 input of the record, r6 records left, r7-r12 scratch.
  .macro dot_ncsr name, record, log2_unrolled
  .section .text.\name, "ax", %progbits
  .balign 8
  .global \name
  .type \name, %function
\name:
  push {r3-r11, lr}
  mov r4, r0
  mov r0, #0
  add r2, r1, r2, lsl #1
  ldr r3, [r3]
1:
  ldrh r6, [r1], #2
  mov r5, r4
  lsrs lr, r6, #\log2_unrolled
  beq 3f
2:
  .rept 1 << \log2_unrolled
  \record
  .endr
  subs lr, #1
  bne 2b
3:
  ands r6, #(1 << \log2_unrolled) - 1
  beq 5f
4:
  \record
  subs r6, #1
  bne 4b
5:
  cmp r1, r2
  bne 1b
  pop {r1}
  str r3, [r1]
  pop {r4-r11, pc}
  .size \name, . - \name
  .endm

  .macro dot_record_1
  ldrb r7, [r3], #2
  ldrsb r8, [r3, #-1]
  add r5, r7
  ldrsb r9, [r5]
  mla r0, r8, r9, r0
  .endm
  .macro dot_record_2
  ldrb r7, [r3], #3
  ldrsb r8, [r3, #-2]
  ldrsb r10, [r3, #-1]
  add r5, r5, r7, lsl #1
  ldrsb r9, [r5]
  ldrsb r11, [r5, #1]
  mla r0, r8, r9, r0
  mla r0, r10, r11, r0
  .endm
// Two int16 inputs, nsrt_m7_widen_pairs.
  .macro dot_record_2_wide
  ldrb r7, [r3], #3
  ldrsb r8, [r3, #-2]
  ldrsb r10, [r3, #-1]
  add r5, r5, r7, lsl #2
  ldr r9, [r5]
  smlabb r0, r8, r9, r0
  smlabt r0, r10, r9, r0
  .endm
  .macro dot_record_4
  ldrb r7, [r3], #5
  ldr r8, [r3, #-4]
  ldr r9, [r5, r7, lsl #2]
  add r5, r5, r7, lsl #2
  sxtb16 r10, r8
  sxtb16 r8, r8, ror #8
  sxtb16 r11, r9
  sxtb16 r9, r9, ror #8
  smlad r0, r10, r11, r0
  smlad r0, r8, r9, r0
  .endm
  dot_ncsr nsrt_m7_dot_ncsr_1, dot_record_1, 2
  dot_ncsr nsrt_m7_dot_ncsr_2, dot_record_2, 1
  dot_ncsr nsrt_m7_dot_ncsr_2_wide, dot_record_2_wide, 3
  dot_ncsr nsrt_m7_dot_ncsr_4, dot_record_4, 2


// void nsrt_m7_widen_pairs(to, from, fours)
  .section .text.nsrt_m7_widen_pairs, "ax", %progbits
  .global nsrt_m7_widen_pairs
  .type nsrt_m7_widen_pairs, %function
nsrt_m7_widen_pairs:
  push {r4, lr}
1:
  ldr r3, [r1], #4
  subs r2, #1
  sxtb16 r12, r3
  sxtb16 r3, r3, ror #8
  pkhbt r4, r12, r3, lsl #16
  pkhtb r3, r3, r12, asr #16
  strd r4, r3, [r0], #8
  bne 1b
  pop {r4, pc}
  .size nsrt_m7_widen_pairs, . - nsrt_m7_widen_pairs
