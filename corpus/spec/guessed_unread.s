; What only a mispredicting CPU would run is no reason to reject since 6.16: a barrier keeps it away.
; expect: accepted
; expect-6.12: reg-uninit
; caps: bpf net_admin
; type: sched_cls
  r0 = 7
  if r0 >= 8 goto +1
  exit
  r0 = r3
  exit
