; A pointer from behind the packet's end is moved back, and compared again.
; expect: accepted
; type: xdp
  r2 = *(u32 *)(r1 +0)
  r3 = *(u32 *)(r1 +4)
  r2 += 8
  r0 = 0
  if r2 <= r3 goto out
  r2 += -8
  if r2 <= r3 goto bad
out:
  exit
bad:
  r0 = r9
  exit
