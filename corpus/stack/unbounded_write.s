; Anywhere on the stack, byte by byte.
; expect: mem-stack-unbounded
; type: sched_cls
  r6 = *(u32 *)(r1 +0)
  r3 = r10
  r3 += r6
  r0 = *(u8 *)(r3 +0)
  r0 = 0
  exit
