; The second half of an argument.
; expect: mem-ctx
; kernel: 6.12
; type: tracing
; attach: trace_fentry
; target: do_nanosleep
  r0 = *(u32 *)(r1 +4)
  r0 = 0
  exit
