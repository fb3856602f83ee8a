; Each function begins with one.
; expect: btf-line-func
; type: sched_cls
; btf: ../btf/plain.o
; func: 0 prog
; func: f second
; line: 0 1 1 1024
; line: 3 1 1 1024
  call f
  exit
f:
  r0 = 0
  exit
