; An array has no element at this index.
; expect: mem-invalid-access
; type: xdp
; map: m array key=4 value=64 max=4
  r6 = *(u32 *)(r1 +12)
  *(u32 *)(r10 -4) = r6
  r2 = r10
  r2 += -4
  r1 = map[m]
  call bpf_map_lookup_elem
  r0 = *(u32 *)(r0 +0)
  exit
