; A loop whose counter is on the stack, and not known: its states cover each other, but are not equal.
; expect: accepted
; type: sched_cls
  r1 = *(u32 *)(r1 +0)
  r1 &= 3
  *(u64 *)(r10 -8) = r1
  r1 = 0
again:
  r1 = *(u64 *)(r10 -8)
  if r1 == 0 goto out
  r1 -= 1
  *(u64 *)(r10 -8) = r1
  r1 = 0
  goto again
out:
  r0 = 0
  exit
