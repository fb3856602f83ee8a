; What is learnt of one register holds for its copies.
; expect: accepted
; type: sched_cls
  r2 = *(u32 *)(r1 +0)
  r3 = r2
  if r2 > 7 goto out
  r4 = r10
  r4 += -8
  *(u64 *)(r10 -8) = 0
  r4 += r3
  *(u8 *)(r4 +0) = 1
out:
  r0 = 0
  exit
