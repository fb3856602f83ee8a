; An index that the map itself holds.
; expect: mem-map-value-range
; type: xdp
; map: m array key=4 value=64 max=1
  *(u32 *)(r10 -4) = 0
  r2 = r10
  r2 += -4
  r1 = map[m]
  call bpf_map_lookup_elem
  if r0 == 0 goto out
  r6 = *(u8 *)(r0 +0)
  r0 += r6
  r1 = *(u8 *)(r0 +0)
out:
  r0 = 0
  exit
