; A loop that looks into the caller's frame first, into its own then.
; expect: accepted
; type: sched_cls
; flags: test_state_freq
  *(u64 *)(r10 -8) = 1
  r1 = r10
  call f
  r0 = 0
  exit
f:
  *(u64 *)(r10 -8) = 0
  r0 = 0
again:
  r2 = *(u64 *)(r1 -8)
  if r2 == 0 goto out
  r1 = r10
  r2 = 0
  goto again
out:
  exit
