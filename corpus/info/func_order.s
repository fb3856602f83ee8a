; Records in order.
; expect: btf-func-order
; type: sched_cls
; btf: ../btf/plain.o
; func: 0 prog
; func: 0 second
  call f
  exit
f:
  r0 = 0
  exit
