; A tenth of 32 bits.
; expect: reg-uninit
; type: sched_cls
  r1 = *(u32 *)(r1 +0)
  r1 /= 10
  r0 = 0
  if r1 > 429496729 goto bad
  exit
bad:
  r0 = r9
  exit
