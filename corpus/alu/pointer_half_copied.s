; Unprivileged programs may not see half of an address.
; expect: ptr-partial-copy
; caps: none
  w0 = w1
  r0 = 0
  exit
