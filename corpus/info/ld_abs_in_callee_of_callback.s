; The load ends only the function that it stands in, which a callback may call.
; expect: accepted
; expect-6.12: ld-abs-callback
; type: sched_cls
; btf: ../btf/plain.o
; func: 0 prog
; func: f step
; func: g step
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
  r1 = *(u64 *)(r2 +0)
  call g
  r0 = 0
  exit
g:
  r6 = r1
  r0 = *(u8 *)skb[0]
  r0 = 0
  exit
