; Before the context.
; expect: mem-ctx
; type: xdp
  r0 = *(u32 *)(r1 -4)
  exit
