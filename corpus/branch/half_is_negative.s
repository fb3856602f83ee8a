; Between -5 and 10, and above 20 without a sign: then it is negative.
; expect: accepted
; type: sched_cls
  r1 = *(u32 *)(r1 +0)
  r0 = 0
  if w1 s< -5 goto out
  if w1 s> 10 goto out
  if w1 <= 20 goto out
  if w1 s>= 0 goto bad
out:
  exit
bad:
  r0 = r9
  exit
