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
  .equ kTile, -4
  .equ kSecondOut, 44
  .equ kSumsOut, 48
  .equ kSumsIn, 52
  .equ kListThen, 56
  .equ kCodeThen, 60
  .equ kSavedStack, 64
  .equ kHighestStack, 68
  .equ kFirstThen, 72
  .equ kFirst, 20
  .equ kMaxEntries, 64  // plan.h

// Goes to the tile whose record \tile points at: sets the stack pointer and, through what begins with Control::first,
// all the rest. r12 = &first. r0 = address of the first entry's words, if the schedule wants it.
  .macro next_tile tile
  ldr r2, [\tile], #8
  cbz r2, 1f
  mov sp, r2
  str \tile, [r12, #kTile]
#ifdef NSRT_M7_FEWEST_INSTRUCTIONS
  ldm r12, {r0, r4-r11, r12, pc}
#else
  ldm r12, {r0, r4-r11, r12, lr}
  add r0, sp
  bx lr
#endif
1:
  ldr sp, [r12, #kSavedStack]
  pop {r4-r11, pc}
  .endm

// The unrolled code twice, and the frame around it. Entered near the first end, the code requantises and stores the
// outputs: \requantise does that, given r0 zero point, r1 multiplier, r2 second multiplier or bias of the low lane, r3
// outputs of the row, r12 = &first, r14 the tile's record + 8, which stays there. Entered near the second end, it
// stores the sums. An \entry takes the list's next one, which r12 points at; with the argument `last` it loads nothing
// ahead.
  .macro tile_loop name, entry, requantise
  .section .text.\name, "ax", %progbits
  .balign 8
  .irp label, \name, \name\()_last, \name\()_part_last, \name\()_reload
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
  ldr r0, [r12, #kTile]
  next_tile r0
\name\()_reload:  // entered through Control::code with r12 = Control::list = &first
  ldr r0, [r12, #kSumsIn]
  ldm r0!, {r4-r11}
  str r0, [r12, #kSumsIn]
  ldr lr, [r12, #kCodeThen]
  ldr r0, [r12, #kFirstThen]
  ldr r12, [r12, #kListThen]
  add r0, sp
  bx lr
1:
  .rept kMaxEntries - 1
  \entry
  .endr
\name\()_last:
  \entry last
  .equ \name\()_entry_bytes, (\name\()_last - 1b) / (kMaxEntries - 1)
  // r12 = the Control
  ldm r12!, {r0-r3, lr}
  \requantise
  next_tile lr
  .rept kMaxEntries - 1
  \entry
  .endr
\name\()_part_last:
  \entry last
  add r12, #kFirst
  ldr r0, [r12, #kSumsOut]
  stm r0!, {r4-r11}
  str r0, [r12, #kSumsOut]
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
  ldr r2, [lr, #-4]
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

  tile_loop nsrt_m7_two_pixels, two_pixels_entry, two_pixels_requantise

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
  ldr r2, [lr, #-4]
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

  tile_loop nsrt_m7_two_rows, two_rows_entry, two_rows_requantise

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
  ldr r11, [r3], #4
  sxtb16 r9, r5, ror #8
  sxtb16 r6, r5
  sxtb16 r7, r10
  sxtb16 r10, r10, ror #8
  uxtah r8, r12, r11
  uxtah r11, r12, r11, ror #16
  lsl r8, #2
  lsl r11, #2
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
