; Two addresses cannot be added.
; expect: ptr-arith-two-pointers
; caps: none
  r0 = r10
  r0 += r1
  r0 = 0
  exit
