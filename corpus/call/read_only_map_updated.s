; Programs may not write into this map.
; expect: call-map-read-only
; map: m hash key=4 value=8 max=1 flags=128
  *(u32 *)(r10 -4) = 0
  *(u64 *)(r10 -16) = 0
  r1 = map[m]
  r2 = r10
  r2 += -4
  r3 = r10
  r3 += -16
  r4 = 0
  call bpf_map_update_elem
  r0 = 0
  exit
