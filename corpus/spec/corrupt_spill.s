; Half of a spilled address is written over.
; expect: mem-stack-corrupt-spill
; caps: none
  *(u64 *)(r10 -8) = r1
  *(u32 *)(r10 -8) = 0
  r0 = 0
  exit
