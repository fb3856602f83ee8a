; A loop over options runs one round too long.
; expect: mem-packet-range
; type: xdp
  r2 = *(u32 *)(r1 +0)
  r3 = *(u32 *)(r1 +4)
  r4 = r2
  r4 += 18
  if r4 > r3 goto out
  r5 = 0
again:
  r0 = *(u8 *)(r2 +0)
  r2 += 4
  r5 += 1
  if r5 < 6 goto again
out:
  r0 = 0
  exit
