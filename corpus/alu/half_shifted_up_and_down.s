; A low half between -5 and 10 is the same after it was shifted up and down again.
; expect: accepted
; type: sched_cls
  r1 = *(u32 *)(r1 +0)
  r0 = 0
  if w1 s< -5 goto out
  if w1 s> 10 goto out
  r1 <<= 32
  r1 s>>= 32
  if r1 s> 10 goto bad
  if r1 s< -5 goto bad
out:
  exit
bad:
  r0 = r9
  exit
