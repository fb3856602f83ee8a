; The program is no callback of its own, not even a static one.
; expect: callback-main
; expect-6.18: call-too-deep
; type: sched_cls
; btf: ../btf/plain.o
; func: 0 step
; func: f second
main:
  r6 = r1
  r1 = 4
  r2 = func[main]
  r3 = 0
  r4 = 0
  call bpf_loop
  r1 = r6
  call f
  r0 = 0
  exit
f:
  r0 = 0
  exit
