; Which may not be there.
; expect: call-arg-type
; type: sched_cls
; map: in array key=4 value=8 max=1
; map: m array_of_maps key=4 value=4 max=1 inner=in
  *(u32 *)(r10 -4) = 0
  r2 = r10
  r2 += -4
  r1 = map[m]
  call bpf_map_lookup_elem
  r1 = r0
  r2 = r10
  r2 += -4
  call bpf_map_lookup_elem
  r0 = 0
  exit
