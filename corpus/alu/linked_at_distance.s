; What is known of a sum is known of the number that a constant was added to.
; expect: accepted
; type: sched_cls
  r1 = *(u32 *)(r1 +0)
  r2 = r1
  r2 += 4
  r0 = 0
  if r2 > 20 goto out
  if r1 s> 16 goto bad
out:
  exit
bad:
  r0 = r9
  exit
