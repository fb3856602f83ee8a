; Programs may look device maps up, but not change what they find.
; expect: mem-map-read-only
; type: xdp
; map: d devmap key=4 value=4 max=4
  *(u32 *)(r10 -4) = 0
  r2 = r10
  r2 += -4
  r1 = map[d]
  call bpf_map_lookup_elem
  if r0 == 0 goto out
  *(u32 *)(r0 +0) = 1
out:
  r0 = 0
  exit
