; What a map of maps yields is no memory, null or not.
; expect: accepted
; type: sched_cls
; map: in array key=4 value=8 max=1
; map: m array_of_maps key=4 value=4 max=1 inner=in
  *(u32 *)(r10 -4) = 0
  r2 = r10
  r2 += -4
  r1 = map[m]
  call bpf_map_lookup_elem
  r1 = r0
  r2 = 4
  r3 = 0
  r4 = 0
  r5 = 0
  call bpf_csum_diff
  r0 = 0
  exit
