; Beyond the value.
; expect: map-direct-range
; type: sched_cls
; map: m array key=4 value=16 max=1
  r1 = map_value[m] + 16
  r0 = 0
  exit
