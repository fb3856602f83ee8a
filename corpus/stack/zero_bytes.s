; Zero bytes are known to be zero when read back in another size.
; expect: accepted
  *(u32 *)(r10 -4) = 0
  *(u16 *)(r10 -8) = 7
  *(u16 *)(r10 -6) = 0
  r0 = *(u16 *)(r10 -6)
  if r0 == 0 goto next
  r0 = *(u64 *)(r0 +0)
next:
  r0 = *(u64 *)(r10 -8)
  r0 >>= 16
  r0 = *(u8 *)(r10 -1)
  exit
