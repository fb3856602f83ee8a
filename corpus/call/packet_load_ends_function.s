; A load from outside of the packet ends the function that it stands in, which returns 0 then.
; expect: reg-uninit
; type: sched_cls
; btf: ../btf/plain.o
; func: 0 prog
; func: f second
  call f
  if r0 == 0 goto bad
  r0 = 0
  exit
bad:
  r0 = r9
  exit
f:
  r6 = r1
  r0 = *(u8 *)skb[0]
  r0 = 1
  exit
