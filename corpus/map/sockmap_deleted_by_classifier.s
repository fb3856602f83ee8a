; A classifier takes a socket out of a map.
; expect: accepted
; type: sched_cls
; map: m sockmap key=4 value=4 max=1
  *(u32 *)(r10 -4) = 0
  r2 = r10
  r2 += -4
  r1 = map[m]
  call bpf_map_delete_elem
  r0 = 0
  exit
