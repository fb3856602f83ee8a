; A number where the helper wants memory.
; expect: call-arg-type
; map: m hash key=4 value=8 max=1
  r1 = map[m]
  r2 = 8
  call bpf_map_lookup_elem
  r0 = 0
  exit
