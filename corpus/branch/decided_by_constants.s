; A jump that a constant decides.
; expect: accepted
; type: sched_cls
  r6 = r1
  r1 = 3
  r0 = 0
  if r1 == 3 goto out
  r0 = *(u32 *)(r6 +0)
out:
  exit
