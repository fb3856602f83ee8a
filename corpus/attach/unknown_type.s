; A program type that does not exist.
; expect: silent
; type: 60
  r0 = 0
  exit
