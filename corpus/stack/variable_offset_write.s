; A write somewhere into the frame makes all of the range unknown.
; expect: accepted
; type: sched_cls
  r2 = *(u32 *)(r1 +0)
  r2 &= 8
  *(u64 *)(r10 -16) = 0
  *(u64 *)(r10 -8) = 0
  r3 = r10
  r3 += -16
  r3 += r2
  *(u64 *)(r3 +0) = 5
  r0 = *(u64 *)(r10 -8)
  exit
