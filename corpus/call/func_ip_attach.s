; Attached to functions.
; expect: call-func-ip-attach
; type: tracing
; attach: trace_raw_tp
; target: btf_trace_sched_switch
  call bpf_get_func_ip
  r0 = 0
  exit
