; One for each.
; expect: btf-func-count
; type: sched_cls
; btf: ../btf/plain.o
; func: 0 prog
  call f
  exit
f:
  r0 = 0
  exit
