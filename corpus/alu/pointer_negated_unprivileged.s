; Negation would leak an address.
; expect: ptr-arith-prohibited
; caps: none
  r1 = -r1
  r0 = 0
  exit
