; A write at an unknown place could hit a spilled pointer.
; expect: spec-stack-variable
; caps: none
  r6 = *(u32 *)(r1 +0)
  r6 &= 8
  *(u64 *)(r10 -8) = r1
  *(u64 *)(r10 -16) = 0
  r3 = r10
  r3 += -16
  r3 += r6
  *(u64 *)(r3 +0) = 5
  r0 = 0
  exit
