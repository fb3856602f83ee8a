; The address of a buffer outlives its function.
; expect: mem-stack-spill-to-caller
; type: xdp
  *(u64 *)(r10 -8) = 0
  r1 = r10
  r1 += -8
  call f
  r0 = 0
  exit
f:
  r2 = r10
  r2 += -8
  *(u64 *)(r1 +0) = r2
  r0 = 0
  exit
