; A function that loads from the packet returns an int of 32 bits.
; expect: btf-ld-abs-int
; type: sched_cls
; btf: ../btf/plain.o
; func: 0 prog
; func: f pointer_result
  call f
  exit
f:
  r6 = r1
  r0 = *(u8 *)skb[0]
  exit
