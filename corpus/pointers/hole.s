; Between two members, where there is none.
; expect: mem-btf-no-field
; type: tracing
; attach: trace_raw_tp
; target: btf_trace_sched_switch
  call bpf_get_current_task_btf
  r0 = *(u8 *)(r0 +76)
  r0 = 0
  exit
