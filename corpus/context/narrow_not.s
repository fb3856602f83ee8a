; Others not.
; expect: mem-ctx
; type: xdp
  r0 = *(u16 *)(r1 +0)
  r0 = 2
  exit
