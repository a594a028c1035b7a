// Rows of planar int8 to the words of a strip: expand.cpp says where the edges are, this is what happens between.

  .syntax unified
  .thumb

// Offsets in ExpandRows.
  .equ kPadLeft, 4
  .equ kTo, 12
  .equ kTail, 28
  .equ kPadRight, 36
  .equ kSteps, 40
  .equ kPlanes, 48
  .equ kPlaneSteps, 52
  .equ kPlaneTo, 60
  .equ kRow, 64
  .equ kInside, 68
  .equ kAfter, 72
  .equ kJoined, 76

// void nsrt_m7_expand(ExpandRows*): for every row of every plane `left` edge words, `groups` of four words, `tail` single
// words, `right` edge words. Three addresses say how, one for each part of a row:
//   row     left edge: nsrt_m7_expand_padded, all padding, or one of nsrt_m7_expand_edged
//   inside  what lies between; needed where the left edge is padding, the others go on to theirs
//   after   right edge: nsrt_m7_expand_padded_right, or one of nsrt_m7_expand_edged_right, or nsrt_m7_expand_joined
// r0 to, r1 first, r2 second, r10 the ExpandRows, r11 rows left, r3 and r12 constants of the pixels, r4-r9 and lr free.
  .section .text.nsrt_m7_expand, "ax", %progbits
  .balign 8
  .irp part, , _padded, _padded_right, _edged, _edged_2, _edged_right, _edged_right_2, _pixels, _pixels_2, _channels, \
      _channels_2, _joined
  .global nsrt_m7_expand\part
  .type nsrt_m7_expand\part, %function
  .endr
nsrt_m7_expand:
  push {r4-r11, lr}
  mov r10, r0
  mov r3, #0xFF00FF00
  mov r12, #0x00800080
  add r2, r0, #kTo
  ldm r2, {r0-r2, r11}
1:
  ldr pc, [r10, #kRow]

nsrt_m7_expand_padded:
  ldm r10, {r7, r9, lr}  // left, pad_left, groups
  cbz r7, 3f
2:
  subs r7, #1
  str r9, [r0], #4
  bne 2b
3:
  ldr pc, [r10, #kInside]

nsrt_m7_expand_padded_right:
  cmp lr, #0
  beq 5f
  ldr r9, [r10, #kPadRight]
4:
  subs lr, #1
  str r9, [r0], #4
  bne 4b
5:
  .macro next_row row
  ldrd r8, r9, [r10, #kSteps]
  subs r11, #1
  add r1, r8
  add r2, r8
  add r0, r9
  bne nsrt_m7_expand_\row
  .endm
  .macro next_plane row
  ldr r7, [r10, #kPlanes]
  ldrd r8, r9, [r10, #kPlaneSteps]
  ldr r4, [r10, #kPlaneTo]
  ldr r11, [r10, #kTo + 12]
  subs r7, #1
  str r7, [r10, #kPlanes]
  add r1, r8
  add r2, r9
  add r0, r4
  bne \row
  pop {r4-r11, pc}
  .endm
  next_row padded
6:
  next_plane nsrt_m7_expand_padded

// lr groups, then the tail; lr the right edge's words afterwards.
  .macro inside kind, group, word
nsrt_m7_expand_\kind:
7:
  cmp lr, #0
  beq 9f
8:
  \group
  subs lr, #1
  bne 8b
9:
  ldrd r7, lr, [r10, #kTail]
  cbz r7, 11f
10:
  \word
  subs r7, #1
  bne 10b
11:
  ldr pc, [r10, #kAfter]
  .endm

// Two pixels a word: (q_low + 128) + 2^24 · q_high.
  .macro pixels_word stride
  ldrb r4, [r2], #\stride
  ldrb r5, [r1], #\stride
  lsl r4, #24
  eor r5, #0x80
  orr r5, r4
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

// Where a word's pixels lie in one row, low is padding on the left and high on the right.
  .macro edged_right suffix, stride
nsrt_m7_expand_edged_right\suffix:
  cmp lr, #0
  beq 14f
  ldr r9, [r10, #kPadRight]
13:
  ldrb r5, [r1], #\stride
  add r2, #\stride
  eor r5, #0x80
  orr r5, r9
  str r5, [r0], #4
  subs lr, #1
  bne 13b
14:
  next_row edged\suffix
  .endm
  .macro edged suffix, stride
nsrt_m7_expand_edged\suffix:
  ldm r10, {r7, r9, lr}
  cbz r7, 7f
  sub r4, r2, r7, lsl #(\stride - 1)
17:
  ldrb r5, [r4], #\stride
  subs r7, #1
  orr r5, r9, r5, lsl #24
  str r5, [r0], #4
  bne 17b
  .endm
  edged_right , 1
12:
  next_plane 1b
  edged , 1
  inside pixels, pixels_group, "pixels_word 1"
  edged_right _2, 2
  b 12b
  edged _2, 2
  inside pixels_2, pixels_group_2, "pixels_word 2"

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
  inside channels, channels_group, "channels_word 1"
  inside channels_2, channels_group_2, "channels_word 2"

// Rows that follow each other without a gap, of one word of padding and two to eight others each: all words of a plane
// were expanded as one row, behind room for the padding. Moves each row to its own place: at four instructions a row,
// where a row of its own takes more than twenty. r0 behind the last word.
nsrt_m7_expand_joined:
  push {r1, r2}
  ldrd r3, r4, [r10, #kJoined]  // rows, words of a row
  ldr r2, [r10, #kPadLeft]
  mul r5, r3, r4
  sub r1, r0, r5, lsl #2
  sub r0, r1, r3, lsl #2
  tbb [pc, r4]
15:
  .byte 0, 0  // rows of less than two words
  .irp words, 2, 3, 4, 5, 6, 7, 8
  .byte (.Ljoined_\words - 15b) / 2
  .endr
  .balign 2
  .macro joined words, registers:vararg
.Ljoined_\words:
  ldm r1!, {\registers}
  subs r3, #1
  stm r0!, {r2, \registers}
  bne .Ljoined_\words
  b 16f
  .endm
  joined 2, r4-r5
  joined 3, r4-r6
  joined 4, r4-r7
  joined 5, r4-r8
  joined 6, r4-r9
  joined 7, r4-r9, r12
  joined 8, r4-r9, r12, lr
16:
  pop {r1, r2}
  mov r3, #0xFF00FF00
  mov r12, #0x00800080
  b 6b
  .size nsrt_m7_expand, . - nsrt_m7_expand
