; A load of the classic class with a mode of its own.
; expect: insn-opcode
  .insn 0x60, 0, 0, 0, 0
  r0 = 0
  exit
