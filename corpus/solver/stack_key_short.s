; A key of eight bytes at the last four of the stack.
; expect: mem-stack-range
; type: xdp
; map: h hash key=8 value=48 max=100
  *(u32 *)(r10 -4) = 0
  r2 = r10
  r2 += -4
  r1 = map[h]
  call bpf_map_lookup_elem
  r0 = 0
  exit
