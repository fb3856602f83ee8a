; A counter that ends.
; expect: accepted
  r0 = 0
loop:
  r0 += 1
  if r0 < 20 goto loop
  exit
