; What pads the description of a packet is not there to be read.
; expect: mem-ctx
; type: sched_cls
  r0 = *(u32 *)(r1 +180)
  r0 = 0
  exit
