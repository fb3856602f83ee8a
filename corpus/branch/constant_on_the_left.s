; Five is more than what two bits hold, from either side.
; expect: accepted
; type: sched_cls
  r2 = *(u32 *)(r1 +0)
  r2 &= 3
  r1 = 5
  r0 = 0
  if r1 <= r2 goto bad
  exit
bad:
  r0 = r9
  exit
