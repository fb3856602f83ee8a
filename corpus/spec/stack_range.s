; A constant that leaves the frame.
; expect: spec-stack-range
; caps: none
  r2 = r10
  r2 += -600
  r0 = 0
  exit
