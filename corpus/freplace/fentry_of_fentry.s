; A program that traces one that traces a function.
; type: tracing
; attach: trace_fentry
; replaces: fentry_function.o
; target: number
; btf: fentry_function.o
; func: 0 traced
  r0 = 0
  exit
