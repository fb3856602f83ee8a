; Three steps forward: the check covers what it checked, not what comes later.
; expect: mem-packet-range
; type: xdp
  r2 = *(u32 *)(r1 +0)
  r3 = *(u32 *)(r1 +4)
  r2 += 0x7fff
  r2 += 0x7fff
  r2 += 0x7fff
  r4 = r2
  r4 += 8
  if r4 > r3 goto out
  r0 = *(u32 *)(r2 +0)
out:
  r0 = 2
  exit
