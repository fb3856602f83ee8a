; Three times what lies between -4 and 4 lies between -12 and 12.
; expect: accepted
; expect-6.12: reg-uninit
; type: sched_cls
  r1 = *(u32 *)(r1 +0)
  r1 &= 7
  r1 -= 4
  r1 *= 3
  r0 = 0
  if r1 s> 12 goto bad
  exit
bad:
  r0 = r9
  exit
