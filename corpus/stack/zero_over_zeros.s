; Zeroes stay zeroes where one is stored over any of them.
; expect: accepted
; type: sched_cls
  r2 = *(u32 *)(r1 +0)
  r2 &= 3
  *(u32 *)(r10 -4) = 0
  r3 = r10
  r3 += -4
  r3 += r2
  *(u8 *)(r3 +0) = 0
  r1 = *(u8 *)(r10 -3)
  r0 = 0
  if r1 != 0 goto bad
  exit
bad:
  r0 = r9
  exit
