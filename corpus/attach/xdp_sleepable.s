; Network programs do not sleep.
; expect: attach-not-sleepable-type
; type: xdp
; flags: sleepable
  r0 = 0
  exit
