; A helper is given a number where it wants a map.
; expect: call-arg-type
; type: xdp
  *(u64 *)(r10 -8) = 0
  r2 = r10
  r2 += -8
  r1 = 5
  call bpf_map_lookup_elem
  r0 = 0
  exit
