; Half of a pointer argument.
; expect: mem-ctx
; kernel: 6.12
; type: tracing
; attach: trace_fentry
; target: do_nanosleep
  r0 = *(u32 *)(r1 +0)
  r0 = 0
  exit
