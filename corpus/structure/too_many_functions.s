; At most 256 functions.
; expect: limit-subprogs
.rept 260
  call pc+262
.endr
  r0 = 0
  exit
.rept 262
  r0 = 0
  exit
.endr
