; A 32-bit value spilled and filled in the same and in a smaller width.
; expect: accepted
; type: sched_cls
  r2 = *(u32 *)(r1 +0)
  if r2 > 63 goto out
  *(u32 *)(r10 -4) = r2
  r3 = *(u32 *)(r10 -4)
  r4 = *(u16 *)(r10 -4)
  r0 = r3
  r0 += r4
  exit
out:
  r0 = 0
  exit
