; Nor those that return one.
; expect: attach-return-type
; kernel: 6.12
; type: tracing
; attach: trace_fentry
; target: class_irqsave_constructor
  r0 = 0
  exit
