; What compilers put where the program makes no sense.
; expect: kfunc-trap
; kernel: 6.18
; type: sched_cls
  call __bpf_trap
  r0 = 0
  exit
