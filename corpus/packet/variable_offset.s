; A variable header length, checked after it is added.
; expect: accepted
; type: xdp
  r2 = *(u32 *)(r1 +0)
  r3 = *(u32 *)(r1 +4)
  r4 = r2
  r4 += 14
  if r4 > r3 goto out
  r5 = *(u8 *)(r2 +0)
  r5 &= 15
  r5 <<= 2
  r4 += r5
  r0 = r4
  r0 += 20
  if r0 > r3 goto out
  r0 = *(u32 *)(r4 +12)
out:
  r0 = 2
  exit
