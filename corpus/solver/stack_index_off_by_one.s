; An index that may equal the size of the array.
; expect: mem-stack-variable-range
; type: xdp
  *(u64 *)(r10 -8) = 0
  *(u64 *)(r10 -16) = 0
  r3 = *(u32 *)(r1 +12)
  r3 &= 31
  r2 = r10
  r2 += -16
  r2 += r3
  r0 = *(u8 *)(r2 +0)
  r0 = 0
  exit
