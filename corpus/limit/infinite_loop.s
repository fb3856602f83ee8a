; Nothing changes from round to round.
; expect: loop-infinite
  r0 = 0
loop:
  if r0 == 0 goto loop
  exit
