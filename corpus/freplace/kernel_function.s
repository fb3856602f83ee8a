; Kernel functions are not replaced.
; expect: attach-replace-kernel
; type: ext
; target: do_nanosleep
  r0 = 0
  exit
