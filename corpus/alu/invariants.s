; Bounds that contradict each other reject the program when the flag asks for it.
; expect: accepted
; type: sched_cls
; flags: test_reg_invariants
  r2 = *(u32 *)(r1 +0)
  r3 = r2
  if r2 s> 100 goto out
  if w3 < 10 goto out
  r0 = r3
  exit
out:
  r0 = 0
  exit
