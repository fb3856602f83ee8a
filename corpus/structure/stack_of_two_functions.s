; Each frame fits, both together do not.
; expect: stack-combined
  r1 = 0
  *(u64 *)(r10 -264) = r1
  call f
  exit
f:
  r1 = 0
  *(u64 *)(r10 -264) = r1
  r0 = 0
  exit
