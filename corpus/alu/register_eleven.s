; There is no register 11.
; expect: reg-invalid
  .insn 0xbf, 0, 12, 0, 0
  exit
