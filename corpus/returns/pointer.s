; A pointer as result of the program.
; expect: return-leaks-addr
; caps: none
  r0 = r1
  exit
