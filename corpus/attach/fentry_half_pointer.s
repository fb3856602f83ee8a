; The first half of an argument that is a pointer: older kernels take it for the whole.
; expect: mem-ctx
; kernel: 6.12
; type: tracing
; attach: trace_fentry
; target: do_nanosleep
  r0 = *(u32 *)(r1 +0)
  r0 = 0
  exit
