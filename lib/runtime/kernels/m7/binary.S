// void nsrt_m7_binary_rows(tables, weights, sums, rows, words, row_bytes): eight nibbles of weights at a time pick eight
// sums of four levels for sixteen pixels. A nibble, left where four bits stand before it, is the offset of its entry, so
// that UXTAB finds it; the tables of the odd nibbles lie before those of the even ones. A byte lane holds eight such sums
// (8 * 4 * 7 = 224), then it is widened. 71 instructions for 512 multiplications.

  .syntax unified
  .thumb
  .section .text.nsrt_m7_binary_rows, "ax", %progbits

.macro pick table
  uxtab r4, r9, r10, ror #(8 * \table)
  ldrd r6, r7, [r4, #(256 * \table + 8)]
  ldrd r4, r5, [r4, #(256 * \table)]
  adds r2, r2, r6
  adds r3, r3, r7
  adds r0, r0, r4
  adds r1, r1, r5
.endm

.macro widen low high
  uxtab16 r4, r4, \low
  uxtab16 r5, r5, \low, ror #8
  uxtab16 r6, r6, \high
  uxtab16 r7, r7, \high, ror #8
  stm r11!, {r4-r7}
.endm

  .balign 8
  .global nsrt_m7_binary_rows
  .type nsrt_m7_binary_rows, %function
nsrt_m7_binary_rows:
  push {r0, r3-r11, lr}   // tables, rows
  mov r12, r1
  mov r11, r2
  ldrd r0, r1, [sp, #44]  // words, row_bytes
  sub r1, r1, r0, lsl #2
  strd r0, r1, [sp, #44]  // row_bytes: what is left of a row
1:
  ldr r9, [sp]
  ldr lr, [sp, #44]
2:
  ldr r8, [r12], #4
  and r10, r8, #0xF0F0F0F0
  uxtab r4, r9, r10
  ldrd r0, r1, [r4]
  ldrd r2, r3, [r4, #8]
  pick 1
  pick 2
  pick 3
  lsl r8, r8, #4
  and r10, r8, #0xF0F0F0F0
  add r9, r9, #1024
  pick 0
  pick 1
  pick 2
  pick 3
  add r9, r9, #1024
  ldm r11, {r4-r7}
  widen r0, r1
  ldm r11, {r4-r7}
  widen r2, r3
  sub r11, r11, #32
  subs lr, lr, #1
  bne 2b
  ldr r10, [sp, #48]
  add r12, r12, r10
  add r11, r11, #32
  ldr r10, [sp, #4]
  subs r10, r10, #1
  str r10, [sp, #4]
  bne 1b
  pop {r0, r3-r11, pc}
  .size nsrt_m7_binary_rows, . - nsrt_m7_binary_rows
