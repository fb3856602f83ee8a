; A store through the result of a lookup.
; expect: mem-invalid-access
; type: xdp
; map: h hash key=8 value=48 max=100
  r6 = *(u32 *)(r1 +12)
  *(u64 *)(r10 -8) = r6
  r2 = r10
  r2 += -8
  r1 = map[h]
  call bpf_map_lookup_elem
  *(u64 *)(r0 +8) = 1
  r0 = 0
  exit
