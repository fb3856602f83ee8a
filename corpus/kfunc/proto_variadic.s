; A function with variable arguments is none for programs.
; expect: kfunc-proto-varargs
; type: sched_cls
  call seq_printf
  r0 = 0
  exit
