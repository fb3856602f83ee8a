; A state at every instruction.
; expect: accepted
; type: sched_cls
; flags: test_state_freq
  r6 = *(u32 *)(r1 +0)
  r0 = 1
  if r6 > 100 goto join
  r0 = 2
join:
  r7 = r6
  if r7 > 5 goto out
  r7 += 1
out:
  exit
