; A type without a name.
; expect: attach-not-typedef
; type: tracing
; attach: trace_raw_tp
; target: 5
  r0 = 0
  exit
