; An argument that is a pointer to a pointer.
; expect: mem-ctx
; kernel: 6.12
; type: tracing
; attach: trace_fentry
; target: simple_strtoul
  r0 = *(u64 *)(r1 +8)
  r0 = 0
  exit
