// Records of nested CSR (docs/format/nsm.md, encoding 3) to ScalarEntries, from the end of the list downwards.

  .syntax unified
  .thumb

// void name(Cursor*, const uint16_t* counts, uint32_t levels): all records of the first `levels` levels of a row; the
// cursor's record then points behind them. More than the list holds: name_some(Cursor*, uint32_t records) goes on from
// the cursor's position.
// r0 to, r1 record, r2 position, r3 sum of the weights, r4 taps, r5 origin, r6 bytes between planes, r12 records left,
// lr and the stack: arguments; r7-r11 scratch.
  .macro decode name, record
  .section .text.\name, "ax", %progbits
  .balign 8
  .global \name
  .global \name\()_some
  .type \name, %function
  .type \name\()_some, %function
\name:
  push {r0, r4-r11, lr}
  mov lr, r1
  sub sp, #8
  add r2, r1, r2, lsl #1
  str r2, [sp]
  ldm r0, {r0-r6}
1:
  ldrh r12, [lr], #2
  mov r2, #0
  cmp r12, #0
  beq 3f
2:
  \record
  subs r12, #1
  bne 2b
3:
  ldr r7, [sp]
  cmp lr, r7
  bne 1b
  add sp, #8
  pop {r12}
  stm r12, {r0-r3}
  pop {r4-r11, pc}
\name\()_some:
  push {r0, r4-r11, lr}
  mov r12, r1
  ldm r0, {r0-r6}
1:
  \record
  subs r12, #1
  bne 1b
  pop {r12}
  stm r12, {r0-r3}
  pop {r4-r11, pc}
  .size \name, . - \name
  .endm

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

  decode nsrt_m7_decode_1, record_1
  decode nsrt_m7_decode_2, record_2
  decode nsrt_m7_decode_4, record_4
