; The program is no callback of its own.
; expect: exception-cb-main
; type: sched_cls
; btf: ../btf/callback_self.o
; func: 0 prog
  r0 = 0
  exit
