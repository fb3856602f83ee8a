; Sockets go into a map only in some programs.
; expect: call-helper-not-offered
; type: sched_cls
; map: m sockmap key=4 value=4 max=1
  *(u32 *)(r10 -4) = 0
  r3 = r10
  r3 += -4
  r2 = map[m]
  r4 = 0
  call bpf_sock_map_update
  r0 = 0
  exit
