; The shortest program that loads.
; expect: accepted
  r0 = 0
  exit
