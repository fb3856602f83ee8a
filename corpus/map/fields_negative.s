; Nor before the beginning.
; expect: mem-map-ptr-negative
; type: sched_cls
; map: m array key=4 value=8 max=1
  r1 = map[m]
  r0 = *(u32 *)(r1 -8)
  r0 = 0
  exit
