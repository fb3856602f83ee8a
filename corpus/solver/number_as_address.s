; A number out of the context is used as an address.
; expect: mem-invalid-access
; type: xdp
  r2 = *(u32 *)(r1 +12)
  r0 = *(u32 *)(r2 +0)
  exit
