; A number minus an address, when sanitation does not come first.
; expect: ptr-arith-from-scalar
  r0 = 0
  r0 -= r10
  r0 = 0
  exit
