; A store with bits in the field of the constant.
; expect: insn-stx-reserved
  r1 = 0
  .insn 0x7b, 10, 1, -8, 5
  r0 = 0
  exit
