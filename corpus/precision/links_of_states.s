; Two numbers that are copies of each other cover none that are not.
; expect: mem-stack-variable-range
; type: sched_cls
; flags: test_state_freq
  r8 = *(u32 *)(r1 +8)
  r6 = *(u32 *)(r1 +0)
  r6 &= 0xff
  r7 = *(u32 *)(r1 +4)
  r7 &= 0xff
  if r8 == 0 goto join
  r7 = r6
join:
  if r6 > 7 goto out
  r1 = r10
  r1 += -8
  r1 += r7
  *(u8 *)(r1 +0) = 0
out:
  r0 = 0
  exit
