// Inner loops of the M7 convolutions: for every tile of a strip, all decoded weights of one output row (two pixels a
// word) or of two output rows (two channels a word), requantised and stored.
//
// Registers: r4-r11 eight sums; r0-r3 data; r14 weight; r12 the list, and at its end the Control that lies right behind
// it. That leaves none for the tile's place, so the stack pointer holds it: a decoded weight's address is relative to
// it, and a step to the next tile is a step of the stack pointer. It only ever lies at or below its value at entry
// (checked), word-aligned, so interrupts find a valid stack at any time; the function uses at most the distance
// between a strip's first and last tile more stack than it says.
//
// Two schedules compute the same. The default one takes the fewest cycles of the core's published pairing rules: it
// loads between multiplications, and the address of the next entry while this one multiplies. The other one, with
// NSRT_M7_FEWEST_INSTRUCTIONS, takes the fewest instructions, which is what QEMU counts; docs/cycle_model.md compares
// them.

  .syntax unified
  .thumb

// Offsets in Control, from Control::first.
  .equ kTileOut, 44
  .equ kTile, 48
  .equ kSecondOut, 52
  .equ kSums, 56
  .equ kFinish, 60
  .equ kListThen, 64
  .equ kCodeThen, 68
  .equ kSavedStack, 72
  .equ kHighestStack, 76
  .equ kFirst, 16

// Goes to the tile whose record \tile points at: sets the stack pointer and, through what begins with Control::first,
// all the rest. r12 = &first. r0 = address of the first entry's words, if the schedule wants it. Leaves the flags alone.
  .macro next_tile tile
  ldrd r2, r3, [\tile], #8
  cbz r2, 8f
  mov sp, r2
  strd r3, \tile, [r12, #kTileOut]
#ifdef NSRT_M7_FEWEST_INSTRUCTIONS
  ldm r12, {r0, r4-r11, r12, pc}
#else
  ldm r12, {r0, r4-r11, r12, lr}
  add r0, sp
  bx lr
#endif
8:
  ldr sp, [r12, #kSavedStack]
  pop {r4-r11, pc}
  .endm

// The unrolled code and the frame around it. It is entered as many entries before its end as the list has. Behind the
// last entry it requantises and stores the outputs, unless the flags say otherwise. They are Control::finish, and stay
// from tile to tile, since nothing in between touches them: not equal, something else; carry, the code has to run once
// more, for a list that is longer than it; overflow, sums are stored instead.
// \requantise is given r0 zero point, r1 multiplier, r2 second multiplier or bias of the low lane, r3 outputs of the
// row, r12 = &first; r14 is the tile's record + 8 afterwards. An \entry takes the list's next one, which r12 points at,
// and which has its words' address at \address; with the argument `last` it loads nothing ahead.
  .macro tile_loop name, entry, address, requantise, unrolled
  .section .text.\name, "ax", %progbits
  .balign 8
  .irp label, \name, \name\()_last, \name\()_reload, \name\()_reload_last
  .global \label
  .type \label, %function
  .endr
  .global \name\()_entry_bytes
\name:
  push {r4-r11, lr}
  add r12, r0, #kFirst
  str sp, [r12, #kSavedStack]
  ldr r1, [r12, #kHighestStack]
  cmp sp, r1
  it lo
  udflo #0
  ldr lr, [r12, #kFinish]
  ldr r0, [r12, #kTile]
  msr APSR_nzcvq, lr
  next_tile r0
// Entered through Control::code with r12 = Control::list = &first, before the last list of a row, or before others,
// which store the sums where they were.
\name\()_reload_last:
  ldr r0, [r12, #kSums]
  ldm r0!, {r4-r11}
  str r0, [r12, #kSums]
  b 1f
\name\()_reload:
  ldr r0, [r12, #kSums]
  ldm r0, {r4-r11}
1:
  ldr lr, [r12, #kCodeThen]
  ldr r12, [r12, #kListThen]
  ldr r0, [r12, #\address]
  add r0, sp
  bx lr
2:  // once more
  ldr r0, [r12, #\address]
  lsrs lr, r0, #1  // no carry, for it is even, and not equal; overflow stays
  add r0, sp
3:
  .rept \unrolled - 1
  \entry
  .endr
\name\()_last:
  \entry last
  .equ \name\()_entry_bytes, (\name\()_last - 3b) / (\unrolled - 1)
  beq 1f
  bcs 2b
  bvs 4f
  cmp.w sp, #0  // carry, not equal, no overflow: for the next tile
1:
  ldm r12!, {r0-r3}  // r12 = the Control
  \requantise
  next_tile lr
4:
  add r12, #kFirst
  ldrd r0, lr, [r12, #kSums]  // and finish
  msr APSR_nzcvq, lr
  stm r0!, {r4-r11}
  str r0, [r12, #kSums]
  ldr r0, [r12, #kTile]
  next_tile r0
  .size \name, . - \name
  .endm

// Two pixels. A word is x = (q_low + 128) + 2^24 · q_high, an entry w · 2^8, so SMLAL adds 2^8 · w · (q_low + 128) to
// the low and w · q_high to the high half of a 64-bit sum that starts as bias · 2^32 + 2^31.
// Bound: |sum of w · (q_low + 128)| <= 256 · 127 · 255 = 8,290,560 < 2^23 for at most 256 weights, so the low half ends
// in [0, 2^32) and nothing is carried into or borrowed from the high half, which is exact because |acc + bias| < 2^31
// (the packer's proof). Longer rows are cut every 256 weights (conv_ncsr_s8.cpp).
// Sums: low halves r4 r6 r8 r10, high halves r5 r7 r9 r11.
  .macro two_pixels_entry last
#ifdef NSRT_M7_FEWEST_INSTRUCTIONS
  ldrd lr, r0, [r12], #8
  add r0, sp
  ldm r0, {r0-r3}
  smlal r4, r5, r0, lr
  smlal r6, r7, r1, lr
  smlal r8, r9, r2, lr
  smlal r10, r11, r3, lr
#else
  ldr lr, [r12], #8
  ldm r0, {r0-r3}
  smlal r4, r5, r0, lr
  .ifb \last
  ldr r0, [r12, #4]  // of the next entry
  .endif
  smlal r6, r7, r1, lr
  smlal r8, r9, r2, lr
  .ifb \last
  add r0, sp
  .endif
  smlal r10, r11, r3, lr
#endif
  .endm

// Four bytes to a word: a byte alone would occupy the core's store buffer for longer than a word.
  .macro gather_bytes word, second, third, fourth
  bfi \word, \second, #8, #8
  bfi \word, \third, #16, #8
  bfi \word, \fourth, #24, #8
  .endm

  .macro two_pixels_requantise
  add r4, r2, r4, lsr #8
  smmlar r5, r5, r1, r0
  add r6, r2, r6, lsr #8
  smmlar r7, r7, r1, r0
  add r8, r2, r8, lsr #8
  smmlar r9, r9, r1, r0
  add r10, r2, r10, lsr #8
  smmlar r11, r11, r1, r0
  ldrd r2, lr, [r12, #kTileOut]
  smmlar r4, r4, r1, r0
  ssat r5, #8, r5
  smmlar r6, r6, r1, r0
  ssat r7, #8, r7
  smmlar r8, r8, r1, r0
  ssat r9, #8, r9
  smmlar r10, r10, r1, r0
  ssat r11, #8, r11
  add r3, r2
  ssat r4, #8, r4
  ldr r2, [r12, #kSecondOut]
  ssat r6, #8, r6
  gather_bytes r5, r7, r9, r11
  ssat r8, #8, r8
  str r5, [r3, r2]
  ssat r10, #8, r10
  gather_bytes r4, r6, r8, r10
  str r4, [r3]
  .endm

  tile_loop nsrt_m7_two_pixels, two_pixels_entry, 4, two_pixels_requantise, 32

// Two rows. A word is two channels' int16, an entry two int16 weights for each of two rows; r4-r7 are four pixels of
// the first row, r8-r11 of the second. int32 sums cannot overflow (the packer's proof).
  .macro two_rows_entry last
#ifdef NSRT_M7_FEWEST_INSTRUCTIONS
  ldm r12!, {r0-r2}
  add r2, sp
  ldrd r3, lr, [r2]
  smlad r4, r3, r0, r4
  smlad r8, r3, r1, r8
  smlad r5, lr, r0, r5
  smlad r9, lr, r1, r9
  ldrd r3, lr, [r2, #8]
  smlad r6, r3, r0, r6
  smlad r10, r3, r1, r10
  smlad r7, lr, r0, r7
  smlad r11, lr, r1, r11
#else
  ldr r3, [r0, #4]
  ldrd r2, lr, [r12], #12
  smlad r5, r3, r2, r5
  ldr r1, [r0]
  smlad r9, r3, lr, r9
  smlad r8, r1, lr, r8
  ldr r3, [r0, #12]
  smlad r4, r1, r2, r4
  ldr.w r1, [r0, #8]  // entries at multiples of four bytes
  smlad r11, r3, lr, r11
  .ifb \last
  ldr r0, [r12, #8]  // of the next entry
  .endif
  smlad r7, r3, r2, r7
  .ifb \last
  add r0, sp
  .endif
  smlad r6, r1, r2, r6
  smlad r10, r1, lr, r10
#endif
  .endm

  .macro two_rows_requantise
  smmlar r8, r8, r2, r0
  smmlar r9, r9, r2, r0
  smmlar r10, r10, r2, r0
  ssat r8, #8, r8
  smmlar r11, r11, r2, r0
  ssat r9, #8, r9
  smmlar r4, r4, r1, r0
  ssat r10, #8, r10
  smmlar r5, r5, r1, r0
  ssat r11, #8, r11
  smmlar r6, r6, r1, r0
  ldrd r2, lr, [r12, #kTileOut]
  smmlar r7, r7, r1, r0
  ssat r4, #8, r4
  add r3, r2
  ssat r5, #8, r5
  ldr r2, [r12, #kSecondOut]
  gather_bytes r8, r9, r10, r11
  ssat r6, #8, r6
  str r8, [r3, r2]
  ssat r7, #8, r7
  gather_bytes r4, r5, r6, r7
  str r4, [r3]
  .endm

  tile_loop nsrt_m7_two_rows, two_rows_entry, 8, two_rows_requantise, 32

// void nsrt_m7_widen_quads(to, first, second, taps, quads, origin): docs/format/nsm.md, encoding 1.
  .section .text.nsrt_m7_widen_quads, "ax", %progbits
  .global nsrt_m7_widen_quads
  .type nsrt_m7_widen_quads, %function
nsrt_m7_widen_quads:
  push {r4-r11, lr}
  ldrd lr, r12, [sp, #36]
1:
  ldr r5, [r1], #4
  ldr r10, [r2], #4
  ldrh r8, [r3], #4
  ldrh r11, [r3, #-2]
  sxtb16 r9, r5, ror #8
  sxtb16 r6, r5
  sxtb16 r7, r10
  sxtb16 r10, r10, ror #8
  add r8, r12, r8, lsl #2
  add r11, r12, r11, lsl #2
  stm r0!, {r6-r11}
  subs lr, #1
  bne 1b
  pop {r4-r11, pc}
  .size nsrt_m7_widen_quads, . - nsrt_m7_widen_quads

// void nsrt_m7_move_words(to, from, words): to < from, so a forward copy is safe.
  .section .text.nsrt_m7_move_words, "ax", %progbits
  .global nsrt_m7_move_words
  .type nsrt_m7_move_words, %function
nsrt_m7_move_words:
  push {r4-r9, lr}
  subs r2, #8
  blo 2f
1:
  ldm r1!, {r3-r9, r12}
  subs r2, #8
  stm r0!, {r3-r9, r12}
  bhs 1b
2:
  adds r2, #8
  beq 4f
3:
  ldr r3, [r1], #4
  subs r2, #1
  str r3, [r0], #4
  bne 3b
4:
  pop {r4-r9, pc}
  .size nsrt_m7_move_words, . - nsrt_m7_move_words
