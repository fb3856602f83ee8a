; An exit with a constant.
; expect: insn-exit-reserved
  r0 = 0
  .insn 0x95, 0, 0, 0, 3
