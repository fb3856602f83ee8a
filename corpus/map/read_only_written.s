; Programs do not write there.
; expect: mem-map-read-only
; type: sched_cls
; map: m array key=4 value=8 max=1 flags=128 data=0500000000000000 frozen
  r1 = map_value[m]
  *(u32 *)(r1 +0) = 1
  r0 = 0
  exit
