; Line information is printed.
; expect: accepted
; type: sched_cls
; btf: ../btf/plain.o
; func: 0 prog
; line: 0 1 1 1024
; line: 1 1 5 2048
  r0 = 0
  exit
