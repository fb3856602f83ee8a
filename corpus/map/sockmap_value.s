; Where it does, the value is a socket.
; expect: call-arg-type
; type: sched_cls
; map: m sockmap key=4 value=8 max=1
  *(u32 *)(r10 -4) = 0
  r2 = r10
  r2 += -4
  *(u64 *)(r10 -16) = 0
  r3 = r10
  r3 += -16
  r1 = map[m]
  r4 = 0
  call bpf_map_update_elem
  r0 = 0
  exit
