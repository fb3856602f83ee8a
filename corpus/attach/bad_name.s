; A character that names do not have.
; expect: silent
; type: xdp
; name: a-b
  r0 = 0
  exit
