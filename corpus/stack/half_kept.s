; Half of a slot keeps the number that was saved in it.
; expect: accepted
; type: sched_cls
  r2 = *(u32 *)(r1 +0)
  r2 &= 7
  *(u32 *)(r10 -8) = r2
  r1 = *(u32 *)(r10 -8)
  r0 = 0
  if r1 > 7 goto bad
  exit
bad:
  r0 = r9
  exit
