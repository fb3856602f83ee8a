; Below the stack.
; expect: mem-stack-range
; type: xdp
  r1 = 1
  *(u64 *)(r10 -520) = r1
  r0 = 0
  exit
