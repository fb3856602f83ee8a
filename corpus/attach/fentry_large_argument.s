; Nor those that take large structs by value.
; expect: attach-arg-type
; kernel: 6.12
; type: tracing
; attach: trace_fentry
; target: ZSTD_initCStream_advanced
  r0 = 0
  exit
