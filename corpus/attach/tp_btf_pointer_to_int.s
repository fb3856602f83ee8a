; A pointer to an integer among the arguments is a number.
; expect: accepted
; type: tracing
; attach: trace_raw_tp
; target: btf_trace_bpf_test_finish
  r0 = *(u64 *)(r1 +0)
  r0 = 0
  exit
