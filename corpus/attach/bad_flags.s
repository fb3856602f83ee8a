; A load flag that does not exist.
; expect: silent
; type: xdp
; flags: 0x8000
  r0 = 0
  exit
