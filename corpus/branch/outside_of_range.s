; What is between 17 and 22 is not 16.
; expect: accepted
; type: sched_cls
  r1 = *(u32 *)(r1 +0)
  r0 = 0
  if r1 > 21 goto out
  if r1 < 16 goto out
  r1 += 1
  if r1 == 16 goto bad
out:
  exit
bad:
  r0 = r9
  exit
