; Either outcome of an unknown bit of a factor leaves the same bits of the product zero: 35 or 49.
; expect: accepted
; expect-6.12: reg-uninit
; type: sched_cls
  r1 = *(u32 *)(r1 +0)
  r1 &= 2
  r1 |= 5
  r1 *= 7
  r1 &= 12
  r0 = 0
  if r1 != 0 goto bad
  exit
bad:
  r0 = r9
  exit
