; Hash tables have no such address.
; expect: map-direct-type
; type: sched_cls
; map: m hash key=4 value=16 max=1
  r1 = map_value[m]
  r0 = 0
  exit
