; The address of a value in an array of one.
; expect: accepted
; type: sched_cls
; map: m array key=4 value=16 max=1
  r1 = map_value[m] + 8
  r0 = *(u64 *)(r1 +0)
  *(u64 *)(r1 +0) = 1
  exit
