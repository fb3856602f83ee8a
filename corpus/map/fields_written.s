; Not written.
; expect: mem-map-ptr-read-only
; type: sched_cls
; map: m array key=4 value=8 max=1
  r1 = map[m]
  *(u32 *)(r1 +24) = 1
  r0 = 0
  exit
