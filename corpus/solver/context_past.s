; Behind the end of the context.
; expect: mem-ctx
; type: xdp
  r0 = *(u32 *)(r1 +24)
  exit
