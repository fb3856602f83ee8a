; More branches are pending than the kernel remembers.
; expect: limit-jump-sequence
; type: sched_cls
  r6 = r1
  r0 = 0
.rept 8300
  r1 = *(u32 *)(r6 +0)
  if r1 == 5 goto pc+0
  r0 += r1
.endr
  exit
