; Function entry of a program.
; expect: accepted
; kernel: 6.12
; type: tracing
; attach: trace_fentry
; replaces: target.o
; target: number
  r0 = *(u64 *)(r1 +0)
  r0 = 0
  exit
