; A load with bits in the field of the constant.
; expect: insn-ldx-reserved
  .insn 0x79, 0, 10, -8, 5
  r0 = 0
  exit
