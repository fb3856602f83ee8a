; A function that calls itself never ends.
; expect: call-too-deep
  call f
  exit
f:
  call f
  exit
