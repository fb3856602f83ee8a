; A store that may go to either of two bytes of a saved pointer leaves none of its bytes saved.
; expect: accepted
; type: sched_cls
  r2 = *(u32 *)(r1 +0)
  *(u64 *)(r10 -8) = r1
  r2 &= 1
  r3 = r10
  r3 += -8
  r3 += r2
  *(u8 *)(r3 +0) = 1
  r0 = *(u8 *)(r10 -1)
  r0 = 0
  exit
