; The stack may be read where only one byte was written.
; expect: accepted
; type: sched_cls
  *(u8 *)(r10 -8) = 1
  r0 = *(u64 *)(r10 -8)
  r0 = 0
  exit
