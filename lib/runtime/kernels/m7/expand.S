// Rows of planar int8 to the words of a strip: expand.cpp says where the edges are, this is what happens between.

  .syntax unified
  .thumb

// Offsets in ExpandRows.
  .equ kRows, 12
  .equ kLeft, 16
  .equ kTail, 24
  .equ kPadLeft, 32
  .equ kPadRight, 36
  .equ kSteps, 40
  .equ kPlanes, 48
  .equ kPlaneSteps, 52
  .equ kPlaneTo, 60

// For every row of every plane: `left` edge words, `groups` of four words, `tail` single words, `right` edge words.
// r0 to, r1 first, r2 second, r3 0xFF00FF00, r12 0x00800080, r10 the ExpandRows, r11 rows left.
  .macro expand_rows name, left_word, group, word, right_word
  .section .text.\name, "ax", %progbits
  .balign 8
  .global \name
  .type \name, %function
\name:
  push {r4-r11, lr}
  mov r10, r0
  mov r3, #0xFF00FF00
  mov r12, #0x00800080
  ldm r0, {r0-r2, r11}
1:
  ldrd r7, lr, [r10, #kLeft]
  cbz r7, 3f
  ldr r9, [r10, #kPadLeft]
  \left_word
3:
  cmp lr, #0
  beq 5f
4:
  \group
  subs lr, #1
  bne 4b
5:
  ldrd r7, lr, [r10, #kTail]
  cbz r7, 7f
6:
  \word
  subs r7, #1
  bne 6b
7:
  cmp lr, #0
  beq 9f
  ldr r9, [r10, #kPadRight]
8:
  \right_word
  subs lr, #1
  bne 8b
9:
  ldrd r8, r9, [r10, #kSteps]
  subs r11, #1
  add r1, r8
  add r2, r8
  add r0, r9
  bne 1b
  ldr r7, [r10, #kPlanes]
  ldrd r8, r9, [r10, #kPlaneSteps]
  ldr r4, [r10, #kPlaneTo]
  ldr r11, [r10, #12]
  subs r7, #1
  str r7, [r10, #kPlanes]
  add r1, r8
  add r2, r9
  add r0, r4
  bne 1b
  pop {r4-r11, pc}
  .size \name, . - \name
  .endm

// An edge where both of a word's values are padding.
  .macro constant_left
2:
  subs r7, #1
  str r9, [r0], #4
  bne 2b
  .endm
  .macro constant_right
  str r9, [r0], #4
  .endm

// Two pixels a word: (q_low + 128) + 2^24 · q_high. Where they lie in one row, low is padding on the left and high on
// the right.
  .macro pixels_left stride
  .if \stride == 1
  sub r4, r2, r7
  .else
  sub r4, r2, r7, lsl #1
  .endif
2:
  ldrb r5, [r4], #\stride
  subs r7, #1
  orr r5, r9, r5, lsl #24
  str r5, [r0], #4
  bne 2b
  .endm
  .macro pixels_word stride
  ldrb r4, [r2], #\stride
  ldrb r5, [r1], #\stride
  lsl r4, #24
  eor r5, #0x80
  orr r5, r4
  str r5, [r0], #4
  .endm
  .macro pixels_right stride
  ldrb r5, [r1], #\stride
  add r2, #\stride
  eor r5, #0x80
  orr r5, r9
  str r5, [r0], #4
  .endm
// r12 holds 128 in both halves, r3 picks the upper byte of each. PKHBT takes its lower half from the first operand,
// PKHTB its upper one.
  .macro pixels_group
  ldr r8, [r1], #4
  ldr r7, [r2], #4
  sxtab16 r9, r12, r8          // low 0, 2
  sxtab16 r8, r12, r8, ror #8  // low 1, 3
  and r6, r3, r7, lsl #8       // high 0, 2
  and r7, r3                   // high 1, 3
  pkhbt r4, r9, r6, lsl #16
  pkhbt r5, r8, r7, lsl #16
  pkhtb r6, r6, r9, asr #16
  pkhtb r7, r7, r8, asr #16
  stm r0!, {r4-r7}
  .endm
  .macro pixels_group_2
  ldr r7, [r2, #4]
  ldr r5, [r2], #8
  ldr r9, [r1, #4]
  ldr r8, [r1], #8
  sxtab16 r9, r12, r9
  sxtab16 r8, r12, r8
  and r6, r3, r7, lsl #8
  and r5, r3, r5, lsl #8
  pkhtb r7, r6, r9, asr #16
  pkhbt r6, r9, r6, lsl #16
  pkhbt r4, r8, r5, lsl #16
  pkhtb r5, r5, r8, asr #16
  stm r0!, {r4-r7}
  .endm
  expand_rows nsrt_m7_expand_pixels, "pixels_left 1", pixels_group, "pixels_word 1", "pixels_right 1"
  expand_rows nsrt_m7_expand_pixels_2, "pixels_left 2", pixels_group_2, "pixels_word 2", "pixels_right 2"
  expand_rows nsrt_m7_expand_row_pairs, constant_left, pixels_group, "pixels_word 1", constant_right
  expand_rows nsrt_m7_expand_row_pairs_2, constant_left, pixels_group_2, "pixels_word 2", constant_right

// Row pairs where every row of words is one word of padding and `tail` = 2 … 8 words, and the rows of the input follow
// each other without a gap: all words of a plane first, at the end of their place, then each row to its own. The
// latter takes four instructions a row, where the loops above take more than twenty.
// r0 to, r1 first, r2 second, r3 and r12 as above, r10 the ExpandRows, lr groups, r11 single words.
  .section .text.nsrt_m7_expand_joined, "ax", %progbits
  .balign 8
  .global nsrt_m7_expand_joined
  .type nsrt_m7_expand_joined, %function
nsrt_m7_expand_joined:
  push {r4-r11, lr}
  mov r10, r0
  ldm r0, {r0-r2}
1:
  mov r3, #0xFF00FF00
  mov r12, #0x00800080
  ldr r9, [r10, #kRows]
  ldr r8, [r10, #kTail]
  push {r0}
  add r0, r0, r9, lsl #2
  mul r9, r8
  and r11, r9, #3
  lsrs lr, r9, #2
  beq 3f
2:
  pixels_group
  subs lr, #1
  bne 2b
3:
  cmp r11, #0
  beq 5f
4:
  pixels_word 1
  subs r11, #1
  bne 4b
5:
  pop {r0}
  push {r1, r2}
  ldr r3, [r10, #kRows]
  ldr r4, [r10, #kTail]
  ldr r2, [r10, #kPadLeft]
  add r1, r0, r3, lsl #2
  adr r5, 6f
  add r5, r5, r4, lsl #4
  orr r5, #1
  bx r5
  .balign 16
6:
  .space 32  // rows of less than two words
  .irp words, "r4-r5", "r4-r6", "r4-r7", "r4-r8", "r4-r9", "r4-r9, r12", "r4-r9, r12, lr"
7:
  ldm.w r1!, {\words}
  subs r3, #1
  stm.w r0!, {r2, \words}
  bne 7b
  b.w 8f
  .endr
8:
  pop {r1, r2}
  ldr r7, [r10, #kPlanes]
  ldrd r8, r9, [r10, #kPlaneSteps]
  ldr r4, [r10, #kPlaneTo]
  subs r7, #1
  str r7, [r10, #kPlanes]
  add r1, r8
  add r2, r9
  add r0, r4
  bne 1b
  pop {r4-r11, pc}
  .size nsrt_m7_expand_joined, . - nsrt_m7_expand_joined

// Two channels a word, int16 each.
  .macro channels_word stride
  ldrsb r4, [r1], #\stride
  ldrsb r5, [r2], #\stride
  pkhbt r4, r4, r5, lsl #16
  str r4, [r0], #4
  .endm
  .macro channels_group
  ldr r6, [r1], #4
  ldr r7, [r2], #4
  sxtb16 r4, r6
  sxtb16 r5, r6, ror #8
  sxtb16 r8, r7
  sxtb16 r9, r7, ror #8
  pkhtb r6, r8, r4, asr #16
  pkhtb r7, r9, r5, asr #16
  pkhbt r4, r4, r8, lsl #16
  pkhbt r5, r5, r9, lsl #16
  stm r0!, {r4-r7}
  .endm
  .macro channels_group_2
  ldr r6, [r1, #4]
  ldr r4, [r1], #8
  ldr r9, [r2, #4]
  ldr r8, [r2], #8
  sxtb16 r6, r6
  sxtb16 r4, r4
  sxtb16 r9, r9
  sxtb16 r8, r8
  pkhtb r7, r9, r6, asr #16
  pkhtb r5, r8, r4, asr #16
  pkhbt r6, r6, r9, lsl #16
  pkhbt r4, r4, r8, lsl #16
  stm r0!, {r4-r7}
  .endm
  expand_rows nsrt_m7_expand_channels, constant_left, channels_group, "channels_word 1", constant_right
  expand_rows nsrt_m7_expand_channels_2, constant_left, channels_group_2, "channels_word 2", constant_right
