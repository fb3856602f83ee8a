; A result that may be null given to a helper that wants memory.
; expect: call-arg-type
; map: m hash key=4 value=8 max=1
  *(u32 *)(r10 -4) = 0
  r2 = r10
  r2 += -4
  r1 = map[m]
  call bpf_map_lookup_elem
  r2 = r0
  r1 = map[m]
  call bpf_map_lookup_elem
  r0 = 0
  exit
