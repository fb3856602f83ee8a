; Also the last.
; expect: btf-line-funcs
; type: sched_cls
; btf: ../btf/plain.o
; func: 0 prog
; func: f second
; line: 0 1 1 1024
  call f
  exit
f:
  r0 = 0
  exit
