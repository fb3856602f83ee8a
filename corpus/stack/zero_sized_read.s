; Nothing is not read.
; expect: call-size-zero
; type: sched_cls
  *(u64 *)(r10 -8) = 0
  r1 = r10
  r1 += -8
  r2 = 0
  call bpf_trace_printk
  r0 = 0
  exit
