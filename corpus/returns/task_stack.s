; The stack of a task takes no more than the buffer that it is written to.
; expect: accepted
; type: tracing
; attach: trace_raw_tp
; target: btf_trace_sched_switch
  r1 = *(u64 *)(r1 +8)
  *(u64 *)(r10 -8) = 0
  r2 = r10
  r2 += -8
  r3 = 8
  r4 = 0
  call bpf_get_task_stack
  r1 = r0
  r0 = 0
  if r1 s> 8 goto bad
  exit
bad:
  r0 = r9
  exit
