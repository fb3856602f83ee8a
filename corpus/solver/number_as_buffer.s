; A helper is given a number where it wants memory.
; expect: call-arg-type
; type: xdp
; map: h hash key=8 value=48 max=100
  r1 = map[h]
  r2 = 8
  call bpf_map_lookup_elem
  r0 = 0
  exit
