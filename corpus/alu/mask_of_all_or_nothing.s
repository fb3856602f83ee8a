; A mask of all bits or none leaves 10 or 0, nothing between.
; expect: accepted
; type: sched_cls
  r1 = *(u32 *)(r1 +0)
  r1 <<= 32
  r1 s>>= 63
  r1 &= 10
  r0 = 0
  if r1 == 0 goto out
  if r1 == 10 goto out
  r0 = r9
out:
  exit
