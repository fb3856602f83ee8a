; A classic packet load with a destination register.
; expect: ld-abs-reserved
  r6 = r1
  .insn 0x30, 1, 0, 0, 12
  exit
