; Each names a function.
; expect: btf-func-type
; type: sched_cls
; btf: ../btf/plain.o
; func: 0 int
  r0 = 0
  exit
