; Most do not.
; expect: attach-not-modifiable
; kernel: 6.12
; type: tracing
; attach: modify_return
; target: do_nanosleep
  r0 = 0
  exit
