; Addresses may only be spilled to aligned places.
; expect: mem-misaligned
; caps: none
  *(u64 *)(r10 -12) = r1
  r0 = 0
  exit
