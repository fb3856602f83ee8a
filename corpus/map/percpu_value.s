; The address of a value that each CPU has.
; expect: map-direct-type
; type: sched_cls
; map: m percpu_array key=4 value=8 max=1
  r1 = map_value[m] + 0
  r0 = *(u64 *)(r1 +0)
  r0 = 0
  exit
