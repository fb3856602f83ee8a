; A jump with a register.
; expect: insn-ja-reserved
  r0 = 0
  .insn 0x05, 1, 0, 0, 0
  exit
