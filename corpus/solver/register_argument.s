; An argument that nobody gave.
; expect: reg-uninit
; type: xdp
; map: h hash key=8 value=48 max=100
  r1 = map[h]
  r3 = r10
  r4 = 0
  call bpf_map_lookup_elem
  r0 = 0
  exit
