; Behind a store that has a barrier of its own, nothing runs that was mispredicted.
; expect: accepted
; caps: bpf net_admin
; type: sched_cls
  r0 = 7
  if r0 >= 8 goto +1
  goto +1
  *(u64 *)(r10 -8) = r1
  *(u64 *)(r10 -16) = 0
  r0 = 0
  exit
