; Atomic operations are 32 or 64 bits wide.
; expect: mem-atomic-size
; expect-6.12: insn-opcode
  *(u64 *)(r10 -8) = 0
  r1 = 1
  .insn 0xcb, 10, 1, -8, 0
  r0 = 0
  exit
