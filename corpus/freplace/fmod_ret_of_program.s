; Its result is not changed this way.
; expect: attach-fmod-ret-prog
; kernel: 6.12
; type: tracing
; attach: modify_return
; replaces: target.o
; target: number
  r0 = 0
  exit
