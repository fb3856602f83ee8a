; A map is never null.
; expect: accepted
; type: sched_cls
; map: m array key=4 value=8 max=1
  r1 = map[m]
  r0 = 0
  if r1 == 0 goto bad
  exit
bad:
  r0 = r9
  exit
