; A callback cannot end the program by a load from the packet.
; expect: ld-abs-callback
; known: 6.18 it finds an error of its own while it follows precision into the callback
; type: sched_cls
; btf: ../btf/plain.o
; func: 0 prog
; func: f step
  *(u64 *)(r10 -8) = r1
  r1 = 4
  r2 = func[f]
  r3 = r10
  r3 += -8
  r4 = 0
  call bpf_loop
  r0 = 0
  exit
f:
  r6 = *(u64 *)(r2 +0)
  r0 = *(u8 *)skb[0]
  r0 = 0
  exit
; source: 19
