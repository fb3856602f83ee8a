; Without a result.
; expect: reg-uninit
  exit
; source: 3
