; A function may not jump into another one.
; expect: cfg-jump-range
  call f
  if r0 == 0 goto inside
  exit
f:
  r0 = 0
inside:
  r0 += 1
  exit
