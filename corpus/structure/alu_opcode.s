; An operation that does not exist.
; expect: insn-opcode
  r0 = 0
  .insn 0xe7, 0, 0, 0, 7
  exit
