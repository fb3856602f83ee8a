; A number that was added to itself stands at no distance from its copy.
; expect: accepted
; type: sched_cls
  r6 = *(u32 *)(r1 +4)
  r1 = *(u32 *)(r1 +0)
  r2 = r1
  r0 = 0
  if r1 != 5 goto out
  r1 += r1
  if r1 == r6 goto +0
  if r2 != 5 goto bad
out:
  exit
bad:
  r0 = r9
  exit
