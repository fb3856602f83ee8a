; A comparison with a constant that names a register too.
; expect: jump-reserved-fields
  r0 = 0
  .insn 0x15, 0, 1, 0, 7
  exit
