; Some functions would recurse.
; expect: silent
; kernel: 6.12
; type: tracing
; attach: trace_fentry
; target: migrate_disable
  r0 = 0
  exit
