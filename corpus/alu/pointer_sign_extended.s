; Part of a pointer is a number of unknown value to the privileged.
; expect: accepted
  r0 = (s32)r1
  r0 = 0
  exit
