; A constant is stored to the context by one instruction.
; expect: accepted
; type: sched_cls
  *(u32 *)(r1 +8) = 7
  r0 = 0
  exit
