; What is attached to has types.
; expect: attach-target-no-btf
; kernel: 6.12
; type: tracing
; attach: trace_fentry
; replaces: plain.s
; target: 1
  r0 = 0
  exit
