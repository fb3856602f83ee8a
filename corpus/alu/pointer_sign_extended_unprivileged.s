; The unprivileged may not have it.
; expect: ptr-sign-extend
; caps: none
  r0 = (s32)r1
  r0 = 0
  exit
