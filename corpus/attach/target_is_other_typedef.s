; Not every typedef is one.
; expect: attach-wrong-name
; type: tracing
; attach: trace_raw_tp
; target: u32
  r0 = 0
  exit
