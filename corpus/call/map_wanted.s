; The context where a map is wanted.
; expect: call-arg-type
  r2 = r10
  call bpf_map_lookup_elem
  r0 = 0
  exit
