; The barrier of one mispredicted path ends another one.
; expect: accepted
; expect-6.12: mem-invalid-access
; caps: bpf net_admin
; type: sched_cls
  r0 = 7
  if r0 >= 8 goto bad
  r2 = 3
  if r2 == 4 goto bad
  r0 = 0
  exit
bad:
  r0 = *(u64 *)(r0 +0)
  exit
