; A pointer is spilled whole.
; expect: mem-stack-spill-size
; caps: none
  *(u32 *)(r10 -8) = r1
  r0 = 0
  exit
