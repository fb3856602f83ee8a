; Every operator on unknown 64-bit and 32-bit values.
; expect: accepted
; type: sched_cls
  r6 = r1
  r1 = *(u32 *)(r6 +0)
  r2 = *(u32 *)(r6 +4)
  r0 = r1
  r0 += r2
  r0 -= r1
  r0 *= r2
  r0 /= r1
  r0 |= r2
  r0 &= r1
  r0 <<= r2
  r0 >>= r1
  r0 %= r2
  r0 ^= r1
  r0 s>>= r2
  r0 = -r0
  w0 += w2
  w0 -= w1
  w0 *= w2
  w0 /= w1
  w0 |= w2
  w0 &= w1
  w0 <<= 3
  w0 >>= 1
  w0 %= w2
  w0 ^= w1
  w0 s>>= 2
  w0 = -w0
  r0 = be16 r0
  r0 = le32 r0
  r0 = bswap64 r0
  exit
