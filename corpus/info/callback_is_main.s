; The program is no callback of its own.
; expect: callback-not-static
; type: sched_cls
; btf: ../btf/plain.o
; func: 0 prog
; func: f step
main:
  r6 = r1
  r1 = 4
  r2 = func[main]
  r3 = r6
  r4 = 0
  call bpf_loop
  call f
  r0 = 0
  exit
f:
  r0 = 0
  exit
