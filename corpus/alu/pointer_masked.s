; Bits of an address cannot be cleared.
; expect: ptr-arith-bitwise
  r1 &= -8
  r0 = 0
  exit
