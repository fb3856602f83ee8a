; Two numbers up to 7 make a product up to 49.
; expect: accepted
; type: sched_cls
  r2 = *(u32 *)(r1 +4)
  r1 = *(u32 *)(r1 +0)
  r1 &= 7
  r2 &= 7
  r1 ^= r2
  r0 = 0
  if r1 > 7 goto bad
  exit
bad:
  r0 = r9
  exit
