; An argument that the function does not have.
; expect: mem-ctx
; kernel: 6.12
; type: tracing
; attach: trace_fentry
; target: do_nanosleep
  r0 = *(u64 *)(r1 +64)
  r0 = 0
  exit
