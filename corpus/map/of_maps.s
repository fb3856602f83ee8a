; A map out of a map.
; expect: accepted
; type: sched_cls
; map: in array key=4 value=8 max=1
; map: m array_of_maps key=4 value=4 max=1 inner=in
  *(u32 *)(r10 -4) = 0
  r2 = r10
  r2 += -4
  r1 = map[m]
  call bpf_map_lookup_elem
  if r0 == 0 goto out
  r1 = r0
  r2 = r10
  r2 += -4
  call bpf_map_lookup_elem
  if r0 == 0 goto out
  r0 = *(u64 *)(r0 +0)
out:
  r0 = 0
  exit
