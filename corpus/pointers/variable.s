; At an unknown place.
; expect: mem-btf-variable
; type: tracing
; attach: trace_raw_tp
; target: btf_trace_sched_switch
  r6 = *(u64 *)(r1 +0)
  r6 &= 8
  call bpf_get_current_task_btf
  r0 += r6
  r0 = *(u64 *)(r0 +0)
  r0 = 0
  exit
