; may_goto with bits in the field of the constant.
; expect: may-goto-invalid
  r0 = 0
  .insn 0xe5, 0, 0, 0, 7
  exit
