; The low half of a good pointer may be zero.
; expect: accepted
; expect-6.12: reg-uninit
; type: sched_cls
; map: m array key=4 value=8 max=1
  r1 = map_value[m] + 0
  r0 = 0
  if w1 == 0 goto bad
  exit
bad:
  r0 = r9
  exit
