; Function entry needs a function.
; expect: attach-not-function
; kernel: 6.12
; type: tracing
; attach: trace_fentry
; target: task_struct
  r0 = 0
  exit
