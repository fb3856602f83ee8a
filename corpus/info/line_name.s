; Of strings that are there.
; expect: btf-line-name
; type: sched_cls
; btf: ../btf/plain.o
; func: 0 prog
; line: 0 9999999 1 1024
  r0 = 0
  exit
