; A comparison that does not exist.
; expect: insn-opcode
  r0 = 0
  .insn 0xf5, 0, 0, 0, 7
  exit
