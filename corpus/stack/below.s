; 512 bytes, not more.
; expect: mem-stack-range
  *(u64 *)(r10 -520) = 0
  r0 = 0
  exit
