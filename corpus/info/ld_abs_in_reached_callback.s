; A callback cannot end the program by a load from the packet.
; expect: kernel-bug-callback-regs
; expect-6.12: ld-abs-callback
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
