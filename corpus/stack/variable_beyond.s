; Somewhere, perhaps outside of the frame.
; expect: mem-stack-variable-range
; type: sched_cls
  r6 = *(u32 *)(r1 +0)
  r6 &= 56
  r3 = r10
  r3 += -16
  r3 += r6
  r0 = *(u64 *)(r3 +0)
  r0 = 0
  exit
