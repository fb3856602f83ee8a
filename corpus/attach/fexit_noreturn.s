; Functions that never return have no exit.
; expect: attach-noreturn
; kernel: 6.12
; type: tracing
; attach: trace_fexit
; target: do_exit
  r0 = 0
  exit
