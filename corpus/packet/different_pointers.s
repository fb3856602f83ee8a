; The same instruction with two kinds of pointers.
; expect: mem-different-pointers
; type: sched_cls
  *(u64 *)(r10 -8) = 0
  r6 = *(u32 *)(r1 +0)
  r2 = r1
  if r6 > 100 goto use
  r2 = r10
  r2 += -8
use:
  r0 = *(u32 *)(r2 +0)
  r0 = 0
  exit
