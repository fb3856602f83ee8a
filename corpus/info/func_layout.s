; Where it begins.
; expect: btf-func-layout
; type: sched_cls
; btf: ../btf/plain.o
; func: 0 prog
; func: 1 second
  call f
  exit
f:
  r0 = 0
  exit
