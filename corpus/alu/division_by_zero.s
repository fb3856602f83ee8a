; Division by the constant zero.
; expect: alu-div-by-zero
  r0 = 7
  r0 /= 0
  exit
