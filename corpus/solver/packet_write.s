; A store behind what was checked.
; expect: mem-packet-range
; type: xdp
  r2 = *(u32 *)(r1 +0)
  r3 = *(u32 *)(r1 +4)
  r4 = r2
  r4 += 14
  if r4 > r3 goto out
  r1 = 7
  *(u32 *)(r2 +12) = r1
out:
  r0 = 0
  exit
