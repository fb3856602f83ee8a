; Two ways through each round, that meet again.
; expect: accepted
; type: sched_cls
  r6 = *(u32 *)(r1 +0)
  r7 = 0
  r0 = 0
loop:
  if r6 & 1 goto odd
  r0 += 2
odd:
  r6 >>= 1
  r7 += 1
  if r7 < 10 goto loop
  exit
