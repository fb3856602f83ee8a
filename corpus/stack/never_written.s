; The stack may be read where nothing was written.
; expect: accepted
; type: sched_cls
  r0 = *(u64 *)(r10 -512)
  r0 = 0
  exit
