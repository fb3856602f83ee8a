; Known values are computed.
; expect: accepted
  r0 = 12
  r0 *= 5
  r0 -= 60
  r1 = 0x123456789 ll
  r1 >>= 4
  w1 ^= 0x7
  r1 <<= 60
  r0 += r1
  exit
