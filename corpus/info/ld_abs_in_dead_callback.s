; Not even where it is never reached.
; expect: cb-ld-abs
; expect-6.18: accepted
; type: sched_cls
; btf: ../btf/plain.o
; func: 0 prog
; func: f step
  r1 = 4
  r2 = func[f]
  r3 = 0
  r4 = 0
  call bpf_loop
  r0 = 0
  exit
f:
  r0 = 0
  if r0 == 0 goto done
  r0 = *(u8 *)skb[0]
done:
  r0 = 0
  exit
