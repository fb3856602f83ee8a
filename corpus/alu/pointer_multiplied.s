; Nor an address be multiplied.
; expect: ptr-arith-operator
  r2 = r10
  r2 *= 2
  r0 = 0
  exit
