; A field that is not for writing.
; expect: mem-ctx
; type: sched_cls
  *(u32 *)(r1 +0) = 1
  r0 = 0
  exit
