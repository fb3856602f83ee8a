; A call with a destination register.
; expect: insn-call-reserved
  .insn 0x85, 1, 0, 0, 5
  exit
