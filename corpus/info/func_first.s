; The first record is for the first instruction.
; expect: btf-func-first
; type: sched_cls
; btf: ../btf/plain.o
; func: 1 prog
  r0 = 0
  exit
