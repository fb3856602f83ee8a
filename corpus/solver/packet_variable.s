; A header length out of the packet, not checked again.
; expect: mem-packet-range
; type: xdp
  r2 = *(u32 *)(r1 +0)
  r3 = *(u32 *)(r1 +4)
  r4 = r2
  r4 += 34
  if r4 > r3 goto out
  r5 = *(u8 *)(r2 +14)
  r5 &= 15
  r5 <<= 2
  r2 += r5
  r0 = *(u32 *)(r2 +14)
out:
  r0 = 0
  exit
