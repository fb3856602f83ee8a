; A mask bounds what is added to a pointer.
; expect: accepted
; type: sched_cls
  r2 = *(u32 *)(r1 +0)
  r2 &= 56
  r3 = r10
  r3 += -64
  r4 = 0
.rept 1
  *(u64 *)(r10 -64) = r4
  *(u64 *)(r10 -56) = r4
  *(u64 *)(r10 -48) = r4
  *(u64 *)(r10 -40) = r4
  *(u64 *)(r10 -32) = r4
  *(u64 *)(r10 -24) = r4
  *(u64 *)(r10 -16) = r4
  *(u64 *)(r10 -8) = r4
.endr
  r3 += r2
  r0 = *(u64 *)(r3 +0)
  exit
