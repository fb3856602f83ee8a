; And its callers have little on their stack.
; expect: stack-tail-call
; type: sched_cls
; map: progs prog_array key=4 value=4 max=4
; btf: ../btf/plain.o
; func: 0 prog
; func: f second
  *(u64 *)(r10 -304) = 0
  call f
  exit
f:
  r2 = map[progs]
  r3 = 0
  call bpf_tail_call
  r0 = 0
  exit
