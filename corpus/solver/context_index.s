; An index into the context.
; expect: mem-ptr-variable-offset
; type: xdp
  r2 = *(u32 *)(r1 +12)
  r2 &= 124
  r1 += r2
  r0 = *(u32 *)(r1 +0)
  exit
