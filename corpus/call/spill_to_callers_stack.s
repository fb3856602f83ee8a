; It may not leave the address of its own frame there.
; expect: mem-stack-spill-to-caller
  r1 = r10
  r1 += -8
  call f
  r0 = 0
  exit
f:
  *(u64 *)(r1 +0) = r10
  r0 = 0
  exit
