; Beyond any value.
; expect: map-direct-offset
; type: sched_cls
; map: m array key=4 value=16 max=1
  r1 = map_value[m] + 0x20000000
  r0 = 0
  exit
