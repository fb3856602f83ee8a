; A function must end by itself, not run into the next one.
; expect: cfg-no-exit
  call f
  call g
  exit
f:
  r0 = 0
g:
  r0 = 1
  exit
