; Not in the middle of a constant.
; expect: btf-line-insn
; type: sched_cls
; btf: ../btf/plain.o
; func: 0 prog
; line: 0 1 1 1024
; line: 1 1 1 1024
  r0 = 1 ll
  exit
