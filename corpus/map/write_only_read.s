; Nor read here.
; expect: mem-map-write-only
; type: sched_cls
; map: m array key=4 value=8 max=1 flags=256
  r1 = map_value[m]
  r0 = *(u32 *)(r1 +0)
  r0 = 0
  exit
