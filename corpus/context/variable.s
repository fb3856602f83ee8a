; At a known place.
; expect: mem-ptr-variable-offset
; type: sched_cls
  r2 = *(u32 *)(r1 +0)
  r2 &= 4
  r1 += r2
  r0 = *(u32 *)(r1 +0)
  exit
