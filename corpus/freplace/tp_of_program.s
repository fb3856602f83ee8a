; Tracepoints are the kernel's.
; expect: attach-only-fentry-prog
; type: tracing
; attach: trace_raw_tp
; replaces: target.o
; target: number
  r0 = 0
  exit
