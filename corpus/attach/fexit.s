; Function exit sees the result behind the arguments.
; expect: accepted
; kernel: 6.12
; type: tracing
; attach: trace_fexit
; target: do_nanosleep
  r0 = *(u64 *)(r1 +16)
  r0 = 0
  exit
