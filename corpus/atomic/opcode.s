; And of a few kinds.
; expect: mem-atomic-opcode
  *(u64 *)(r10 -8) = 0
  r1 = 1
  .insn 0xdb, 10, 1, -8, 0x60
  r0 = 0
  exit
