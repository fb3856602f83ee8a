; A store of a constant with a source register.
; expect: insn-st-reserved
  .insn 0x7a, 10, 1, -8, 5
  r0 = 0
  exit
