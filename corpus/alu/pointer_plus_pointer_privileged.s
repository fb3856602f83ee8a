; The privileged get a number of unknown value, except when they add.
; expect: ptr-arith-two-pointers
  r0 = r10
  r0 += r1
  r0 = 0
  exit
