; Written on one of two paths.
; expect: reg-uninit
; type: xdp
  r2 = *(u32 *)(r1 +12)
  if r2 > 5 goto over
  r3 = 1
over:
  r0 = r3
  exit
