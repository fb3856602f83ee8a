; A program that traces a tracing program is not traced.
; expect: attach-nested-tracing
; kernel: 6.12
; type: tracing
; attach: trace_fentry
; replaces: fentry_of_fentry.s
; target: traced
  r0 = 0
  exit
