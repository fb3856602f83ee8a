; A program that names nothing to attach to, and that has an instruction that nothing reaches.
; expect: cfg-unreachable
; type: tracing
; attach: trace_fentry
  r0 = 0
  exit
  r0 = 1
  exit
