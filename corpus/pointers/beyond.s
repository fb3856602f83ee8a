; Behind the struct.
; expect: mem-btf-beyond-struct
; type: tracing
; attach: trace_raw_tp
; target: btf_trace_sched_switch
  call bpf_get_current_task_btf
  r0 = *(u64 *)(r0 +32000)
  r0 = 0
  exit
