; A register operation with bits in the field of the constant.
; expect: alu-reserved-fields
  r0 = 0
  r1 = 0
  .insn 0x0f, 0, 1, 0, 7
  exit
