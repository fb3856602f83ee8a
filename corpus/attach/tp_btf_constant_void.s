; A pointer to constant nothing among the arguments is a number.
; expect: accepted
; expect-6.12: mem-ctx
; type: tracing
; attach: trace_raw_tp
; target: btf_trace_kfree
  r0 = *(u64 *)(r1 +8)
  r0 = 0
  exit
