; Queues are pushed and popped.
; expect: accepted
; type: sched_cls
; map: m queue key=0 value=8 max=4
  *(u64 *)(r10 -8) = 5
  r2 = r10
  r2 += -8
  r1 = map[m]
  r3 = 0
  call bpf_map_push_elem
  r2 = r10
  r2 += -8
  r1 = map[m]
  call bpf_map_pop_elem
  r0 = *(u64 *)(r10 -8)
  exit
