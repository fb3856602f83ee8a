; Where a state is kept between the callback's entry and the load, the search for the result ends there; a later one
; does not know that the load left the callback.
; expect: kernel-bug-left-main
; expect-6.12: ld-abs-callback
; type: sched_cls
; btf: ../btf/plain.o
; flags: test_state_freq
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
  if r1 > 2 goto +1
  r7 = 0
  r0 = *(u8 *)skb[0]
  r0 = 0
  exit
