; A callback cannot end the program.
; expect: call-arg-type
; type: sched_cls
; btf: ../btf/plain.o
; func: 0 prog
; func: f step
  r6 = r1
  r1 = 4
  r2 = func[f]
  r3 = r6
  r4 = 0
  call bpf_loop
  r0 = 0
  exit
f:
  r6 = r2
  r0 = *(u8 *)skb[0]
  exit
