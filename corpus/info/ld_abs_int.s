; Then it may.
; expect: accepted
; type: sched_cls
; btf: ../btf/plain.o
; func: 0 prog
; func: f second
  call f
  exit
f:
  r6 = r1
  r0 = *(u8 *)skb[0]
  exit
