; An opcode that no class has.
; expect: insn-opcode
  .insn 0xff, 0, 0, 0, 0
  r0 = 0
  exit
