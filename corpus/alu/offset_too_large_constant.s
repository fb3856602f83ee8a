; A constant that is beyond every object.
; expect: ptr-offset-constant
  r2 = r10
  r3 = 0x7fffffff ll
  r2 += r3
  r0 = 0
  exit
