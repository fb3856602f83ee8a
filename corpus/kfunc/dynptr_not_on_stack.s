; A dynptr that is the context.
; expect: dynptr-not-on-stack
; type: sched_cls
  call bpf_dynptr_size
  r0 = 0
  exit
