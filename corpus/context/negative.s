; Not before it.
; expect: mem-ptr-negative-offset
; type: sched_cls
  r1 += -4
  r0 = *(u32 *)(r1 +4)
  exit
