; A jump leaves the program.
; expect: cfg-jump-range
  r0 = 0
  goto pc+9
  exit
