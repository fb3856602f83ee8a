; A register that nobody wrote.
; expect: reg-uninit
; type: xdp
  r0 = r3
  exit
