; A constant that one instruction stored is known.
; expect: accepted
; type: sched_cls
  *(u64 *)(r10 -8) = 5
  r1 = *(u64 *)(r10 -8)
  r0 = 0
  if r1 != 5 goto bad
  exit
bad:
  r0 = r9
  exit
