; The result is never set.
; expect: reg-uninit
; type: xdp
  exit
