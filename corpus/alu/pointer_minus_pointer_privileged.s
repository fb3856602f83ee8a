; The difference of two addresses is an unknown number.
; expect: accepted
  r0 = r10
  r2 = r10
  r2 += -8
  r0 -= r2
  exit
