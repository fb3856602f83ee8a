; The distance of a link that was cut is not that of the next one.
; expect: accepted
; type: sched_cls
  r1 = *(u32 *)(r1 +0)
  r1 &= 0xff
  r2 = r1
  r1 += 4
  r1 &= 0xff
  r3 = r1
  r1 += 8
  r0 = 0
  if r1 != 20 goto out
  if r3 != 12 goto bad
out:
  exit
bad:
  r0 = r9
  exit
