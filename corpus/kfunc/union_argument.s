; A union is passed like a struct since 6.17; this function is for the kernel's own use all the same.
; expect: kfunc-not-allowed
; expect-6.12: kfunc-proto-arg
; type: sched_cls
  call __bpf_trace_tmigr_update_events
  r0 = 0
  exit
