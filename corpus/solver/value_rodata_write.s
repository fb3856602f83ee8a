; Memory that programs may only read.
; expect: mem-map-read-only
; type: xdp
; map: m array key=4 value=64 max=1 flags=128
  r1 = map_value[m] + 0
  r2 = 1
  *(u32 *)(r1 +0) = r2
  r0 = 0
  exit
