; One multiple of 16 lies between 17 and 33.
; expect: accepted
; expect-6.12: reg-uninit
; type: sched_cls
  r1 = *(u32 *)(r1 +0)
  r1 &= 0xf0
  r0 = 0
  if r1 < 17 goto out
  if r1 > 33 goto out
  if r1 != 32 goto bad
out:
  exit
bad:
  r0 = r9
  exit
