; A byte of a saved zero, at an offset that varies.
; expect: reg-uninit
; type: sched_cls
  r2 = *(u32 *)(r1 +0)
  r2 &= 3
  r1 = 0
  *(u64 *)(r10 -8) = r1
  r3 = r10
  r3 += -8
  r3 += r2
  r1 = *(u8 *)(r3 +0)
  r0 = 0
  if r1 != 0 goto bad
  exit
bad:
  r0 = r9
  exit
