; The key reaches over the end of the frame.
; expect: mem-stack-range
; map: m hash key=8 value=8 max=1
  *(u32 *)(r10 -4) = 0
  r2 = r10
  r2 += -4
  r1 = map[m]
  call bpf_map_lookup_elem
  r0 = 0
  exit
