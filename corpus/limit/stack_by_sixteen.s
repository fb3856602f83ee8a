; Stacks of 272 and 240 bytes are 512 together.
; expect: accepted
; type: sched_cls
  *(u64 *)(r10 -272) = r1
  call f
  r0 = 0
  exit
f:
  *(u64 *)(r10 -240) = r1
  r0 = 0
  exit
