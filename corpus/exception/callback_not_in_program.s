; The callback is in the types, and not in the program.
; expect: exception-cb-func-info
; type: sched_cls
; btf: ../btf/callback_global.o
; func: 0 prog
  r0 = 0
  exit
