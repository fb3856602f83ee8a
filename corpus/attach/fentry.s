; Function entry, with its arguments in the context.
; expect: accepted
; kernel: 6.12
; type: tracing
; attach: trace_fentry
; target: do_nanosleep
  r0 = *(u64 *)(r1 +8)
  r0 = 0
  exit
