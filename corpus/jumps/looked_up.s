; Helpers take no jump tables.
; expect: call-map-type
; kernel: 6.19-
; type: socket_filter
; map: t insn_array key=4 value=16 max=2 frozen targets=0,0
  *(u32 *)(r10 -4) = 0
  r2 = r10
  r2 += -4
  r1 = map[t]
  call bpf_map_lookup_elem
  r0 = 0
  exit
