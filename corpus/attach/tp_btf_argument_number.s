; An argument that is a number is no pointer.
; expect: mem-invalid-access
; type: tracing
; attach: trace_raw_tp
; target: btf_trace_sched_switch
  r0 = *(u64 *)(r1 +0)
  r0 = *(u32 *)(r0 +0)
  r0 = 0
  exit
