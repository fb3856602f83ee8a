; A union that is passed by value is read since 6.17.
; expect: accepted
; expect-6.12: mem-ctx
; type: tracing
; attach: trace_raw_tp
; target: btf_trace_tmigr_update_events
  r0 = *(u64 *)(r1 +16)
  r0 = 0
  exit
