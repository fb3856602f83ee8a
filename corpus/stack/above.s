; Nothing lies above the frame pointer.
; expect: mem-stack-range
  *(u64 *)(r10 +0) = 0
  r0 = 0
  exit
