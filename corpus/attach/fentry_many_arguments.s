; Nor those with more than twelve.
; expect: attach-too-many-args
; kernel: 6.12
; type: tracing
; attach: trace_fentry
; target: trace_event_raw_event_balance_dirty_pages
  r0 = 0
  exit
