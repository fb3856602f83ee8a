; Without a result.
; expect: reg-uninit
  exit
