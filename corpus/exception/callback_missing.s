; The function named as exception callback is not there.
; expect: exception-cb-missing
; type: sched_cls
; btf: ../btf/callback_missing.o
; func: 0 prog
  r0 = 0
  exit
