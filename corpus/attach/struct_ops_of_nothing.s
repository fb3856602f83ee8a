; A program that implements a member of nothing.
; expect: silent
; type: struct_ops
  r0 = 0
  exit
