; The jump with a 32-bit distance, forwards over dead and live code.
; expect: accepted
; type: xdp
  r0 = 1
  gotol over
back:
  r0 += 1
  exit
over:
  if r0 == 1 goto back
  exit
