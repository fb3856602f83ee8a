; A map of sockets has no values to copy.
; expect: call-sockmap-arg
; type: sched_cls
; map: m sockmap key=4 value=8 max=1
  *(u64 *)(r10 -8) = 0
  r1 = map[m]
  r2 = r10
  r2 += -8
  call bpf_map_peek_elem
  r0 = 0
  exit
