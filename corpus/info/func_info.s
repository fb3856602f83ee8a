; Function information that fits.
; expect: accepted
; type: sched_cls
; btf: ../btf/plain.o
; func: 0 prog
; func: f second
  call f
  exit
f:
  r0 = 0
  exit
