; Half of a spilled address is read.
; expect: mem-stack-fill-size
; caps: none
  *(u64 *)(r10 -8) = r1
  r0 = *(u32 *)(r10 -8)
  r0 = 0
  exit
