; Only some functions may be traced by programs that sleep.
; expect: attach-not-sleepable
; kernel: 6.12
; type: tracing
; attach: trace_fentry
; target: do_nanosleep
; flags: sleepable
  r0 = 0
  exit
