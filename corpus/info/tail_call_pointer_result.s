; So does one that tail calls.
; expect: btf-tail-call-int
; type: sched_cls
; map: progs prog_array key=4 value=4 max=4
; btf: ../btf/plain.o
; func: 0 prog
; func: f pointer_result
  call f
  exit
f:
  r2 = map[progs]
  r3 = 0
  call bpf_tail_call
  r0 = 0
  exit
