// Records of nested CSR (docs/format/nsm.md, encoding 3) to ScalarEntries, from the end of the list downwards.

  .syntax unified
  .thumb

// In all of them: r0 where entries go, r1 record, r2 position, r3 sum of the weights, r4 taps, r5 origin, r6 bytes
// between planes, r12 records left; r7-r11 are free.

// A record is a halfword: gap, weight · 2^8.
  .macro record_1
  ldrsh r8, [r1], #2
  uxtab r2, r2, r8
  ldrh r9, [r4, r2, lsl #1]
  sxtab r3, r3, r8, ror #8
  bic r8, #0xFF
  add r9, r5, r9, lsl #2
  strd r8, r9, [r0, #-8]!
  .endm

  .macro record_2
  ldrb r7, [r1], #3
  ldrsb r10, [r1, #-2]
  ldrsb r8, [r1, #-1]
  add r2, r7
  ldrh r11, [r4, r2, lsl #1]
  add r3, r10
  add r3, r8
  add r11, r5, r11, lsl #2
  add r9, r11, r6
  lsl r10, #8
  lsl r8, #8
  stmdb r0!, {r8-r11}
  .endm

  .macro record_4
  ldrb r7, [r1], #5
  ldrsb r10, [r1, #-4]
  ldrsb r8, [r1, #-3]
  add r2, r7
  ldrh r11, [r4, r2, lsl #1]
  add r3, r10
  add r3, r8
  add r11, r5, r11, lsl #2
  add r9, r11, r6
  lsl r10, #8
  lsl r8, #8
  stmdb r0!, {r8-r11}
  ldrsb r10, [r1, #-2]
  ldrsb r8, [r1, #-1]
  add r11, r9, r6
  add r9, r11, r6
  add r3, r10
  add r3, r8
  lsl r10, #8
  lsl r8, #8
  stmdb r0!, {r8-r11}
  .endm

// Offsets in SparseRows and DenseRows.
  .equ kRecord, 4
  .equ kCounts, 28
  .equ kLevelBytes, 36
  .equ kRequant, 40
  .equ kOut, 44
  .equ kCapacity, 52
  .equ kRows, 56
  .equ kControl, 60

// Offsets in Control.
  .equ kMultiplier, 4
  .equ kFirst, 16
  .equ kStart, 20
  .equ kList, 52
  .equ kTile, 64
  .equ kFinish, 76
  .equ kNothingElse, 1 << 30
  .equ kTwice, 1 << 29
  .equ kUnrolled, 32  // entries of nsrt_m7_two_pixels; longer lists run its code twice

// Runs a decoded row: the Control as in two_pixels.h. r0 the list, r3 sum of the weights, r7 SparseRows or DenseRows.
// The low lane saw q + 128, and started at 2^23, which the sum of the weights starts with.
  .section .text.nsrt_m7_run_row, "ax", %progbits
  .balign 8
  .type nsrt_m7_run_row, %function
nsrt_m7_run_row:
  ldrd r12, r5, [r7, #kControl]
  ldr r1, [r7, #kRequant]
  str r5, [r12, #kTile]
  ldrd r8, r4, [r1], #8
  str r1, [r7, #kRequant]
  ldrd r10, r2, [r7, #kOut]
  add r2, r10
  str r2, [r7, #kOut]
  sub r9, r4, r3, lsl #7
  str r4, [r12, #kStart + 4]
  str r4, [r12, #kStart + 12]
  str r4, [r12, #kStart + 20]
  str r4, [r12, #kStart + 28]
  add r5, r12, #kMultiplier
  ldr r6, =nsrt_m7_two_pixels_last
  stm r5, {r8-r10}
  sub r5, r12, r0
  movw r4, #:lower16:nsrt_m7_two_pixels_entry_bytes
  lsr r5, #3
  mov r1, #kNothingElse
  sub r5, #1
  cmp r5, #kUnrolled
  itt hs
  movhs r1, #kTwice
  subhs r5, #kUnrolled
  mls r6, r5, r4, r6
  str r1, [r12, #kFinish]
  ldr r1, [r0, #4]
  str r1, [r12, #kFirst]
  strd r0, r6, [r12, #kList]
  mov r0, r12
  b nsrt_m7_two_pixels
  .pool
  .size nsrt_m7_run_row, . - nsrt_m7_run_row

// The records of a level, for the two functions below, which enter it by its address: r12 of them, at least one. Back
// through the fourth word of the stack.
  .macro records name, record
  .section .text.\name, "ax", %progbits
  .balign 4
  .global \name
  .type \name, %function
\name:
  \record
  subs r12, #1
  bne \name
  ldr pc, [sp, #12]
  .size \name, . - \name
  .endm
  records nsrt_m7_records_1, record_1
  records nsrt_m7_records_2, record_2
  records nsrt_m7_records_4, record_4

// void nsrt_m7_sparse_rows(SparseRows*, records, uint32_t record_bytes)
// On the stack its arguments, where `records` goes back to, and at the end where the counts of the subnet's levels end.
  .equ kCountsEnd, 48
  .section .text.nsrt_m7_sparse_rows, "ax", %progbits
  .balign 8
  .global nsrt_m7_sparse_rows
  .type nsrt_m7_sparse_rows, %function
nsrt_m7_sparse_rows:
  adr.w r3, 5f
  orr r3, #1
  push {r0-r12, lr}
1:
  ldr r7, [sp]
  mov r9, #0
  ldrd lr, r8, [r7, #kCounts]
  ldr r10, [r7, #kCapacity]
  add r8, lr
  mov r11, lr
2:
  ldrh r0, [r11], #2
  cmp r11, r8
  add r9, r0
  bne 2b
  cmp r9, r10
  bhi 9f
  str r8, [sp, #kCountsEnd]
  ldm r7, {r0-r6}
  cmp r9, #0
  beq 8f
3:
  ldrh r12, [lr], #2
  mov r2, #0
  cmp r12, #0
  beq 5f
  ldr pc, [sp, #4]
5:
  ldr r7, [sp, #kCountsEnd]
  cmp lr, r7
  bne 3b
  // Over the records of denser subnets, to the next row.
  ldr r7, [sp]
  mov r10, #0
  ldr r8, [r7, #kCounts]
  ldr r9, [r7, #kLevelBytes]
  add r8, r9
  str r8, [r7, #kCounts]
  b 7f
6:
  ldrh r9, [lr], #2
  add r10, r9
7:
  cmp lr, r8
  bne 6b
  ldr r9, [sp, #8]
  mla r1, r10, r9, r1
  str r1, [r7, #kRecord]
  bl nsrt_m7_run_row
  ldr r7, [sp]
  ldr r8, [r7, #kRows]
  subs r8, #1
  str r8, [r7, #kRows]
  bne 1b
9:
  add sp, #16
  pop {r4-r12, pc}
8:  // no weight at all: one of zero
  mov r12, #0
  strd r12, r5, [r0, #-8]!
  b 3b
  .size nsrt_m7_sparse_rows, . - nsrt_m7_sparse_rows

// void nsrt_m7_decode(Cursor*, records, uint32_t count)
  .section .text.nsrt_m7_decode, "ax", %progbits
  .global nsrt_m7_decode
  .type nsrt_m7_decode, %function
nsrt_m7_decode:
  adr.w r3, 1f
  orr r3, #1
  push {r0-r11, lr}
  mov r12, r2
  ldm r0, {r0-r6}
  ldr pc, [sp, #4]
1:
  ldr r12, [sp], #16
  stm r12, {r0-r3}
  pop {r4-r11, pc}
  .size nsrt_m7_decode, . - nsrt_m7_decode

// One weight of a dense row: r4 walks over DenseTaps, r1 is the row; r7 stays.
  .macro record_tap
  ldrh r9, [r4], #4
  ldrh r8, [r4, #-2]
  ldrsb r8, [r1, r8]
  add r3, r8
  add r9, r5, r9, lsl #2
  lsl r8, #8
  strd r8, r9, [r0, #-8]!
  .endm

// void nsrt_m7_decode_taps(Cursor*, uint32_t count)
  .section .text.nsrt_m7_decode_taps, "ax", %progbits
  .global nsrt_m7_decode_taps
  .type nsrt_m7_decode_taps, %function
nsrt_m7_decode_taps:
  push {r0, r4-r9, lr}
  mov r12, r1
  ldm r0, {r0-r5}
1:
  record_tap
  subs r12, #1
  bne 1b
  pop {r12}
  stm r12, {r0-r4}
  pop {r4-r9, pc}
  .size nsrt_m7_decode_taps, . - nsrt_m7_decode_taps

// Offsets in DenseRows.
  .equ kOrigin, 20
  .equ kTaps, 28
  .equ kRowBytes, 32
  .equ kOriginStep, 36

// void nsrt_m7_dense_rows(DenseRows*): decodes and runs all rows.
  .section .text.nsrt_m7_dense_rows, "ax", %progbits
  .balign 8
  .global nsrt_m7_dense_rows
  .type nsrt_m7_dense_rows, %function
nsrt_m7_dense_rows:
  push {r0, r1, r4-r11, lr}
1:
  ldr r7, [sp]
  ldrd r12, r10, [r7, #kTaps]  // taps, row_bytes
  ldr r11, [r7, #kOriginStep]
  ldm r7, {r0-r5}
  add r10, r1
  add r11, r5
  str r10, [r7, #kRecord]
  str r11, [r7, #kOrigin]
2:
  record_tap
  subs r12, #1
  bne 2b
  bl nsrt_m7_run_row
  ldr r7, [sp]
  ldr r8, [r7, #kRows]
  subs r8, #1
  str r8, [r7, #kRows]
  bne 1b
  pop {r0, r1, r4-r11, pc}
  .size nsrt_m7_dense_rows, . - nsrt_m7_dense_rows
