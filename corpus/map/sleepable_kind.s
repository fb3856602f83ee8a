; Programs that sleep use few kinds of maps.
; expect: map-sleepable
; type: syscall
; flags: sleepable
; map: m perf_event_array key=4 value=4 max=1
  r1 = map[m]
  r0 = 0
  exit
