; The copy of a CPU of something that has none.
; expect: call-arg-type
; type: sched_cls
  r1 = 8
  r2 = 0
  call bpf_per_cpu_ptr
  r0 = 0
  exit
