; It must be global.
; expect: exception-cb-static
; type: sched_cls
; btf: ../btf/callback_static.o
; func: 0 prog
; func: caught caught
  r0 = 0
  exit
caught:
  r0 = 0
  exit
