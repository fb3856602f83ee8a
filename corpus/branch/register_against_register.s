; Two unknown values compared.
; expect: accepted
; type: sched_cls
  r2 = *(u32 *)(r1 +0)
  r3 = *(u32 *)(r1 +4)
  if r2 > 100 goto out
  if r3 > r2 goto out
  if w3 s> 50 goto out
  if r3 != r2 goto out
out:
  r0 = 0
  exit
