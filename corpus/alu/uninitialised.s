; A register that was never written.
; expect: reg-uninit
  r0 = r2
  exit
