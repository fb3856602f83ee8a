; A type that needs capabilities.
; expect: silent
; caps: none
; type: xdp
  r0 = 0
  exit
