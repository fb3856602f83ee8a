; The last instruction falls off the end.
; expect: cfg-no-exit
  r0 = 0
