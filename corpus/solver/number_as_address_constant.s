; A constant is used as an address.
; expect: mem-invalid-access
; type: xdp
  r2 = 4096
  r3 = 1
  *(u64 *)(r2 +0) = r3
  r0 = 0
  exit
