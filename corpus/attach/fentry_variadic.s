; Functions with variable arguments cannot be traced.
; expect: attach-variadic
; kernel: 6.12
; type: tracing
; attach: trace_fentry
; target: seq_printf
  r0 = 0
  exit
