; A function writes into the frame of its caller.
; expect: accepted
  r1 = r10
  r1 += -8
  call f
  r0 = *(u64 *)(r10 -8)
  exit
f:
  *(u64 *)(r1 +0) = 9
  r0 = 0
  exit
