; Above the stack.
; expect: mem-stack-range
; type: xdp
  r0 = *(u64 *)(r10 +0)
  exit
