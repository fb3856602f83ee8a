; Tracepoints are typedefs.
; expect: attach-not-typedef
; type: tracing
; attach: trace_raw_tp
; target: task_struct
  r0 = 0
  exit
