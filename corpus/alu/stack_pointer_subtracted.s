; Unprivileged programs move the stack pointer by addition of constants.
; expect: ptr-arith-stack-sub
; caps: none
  r2 = r10
  r3 = 8
  r2 -= r3
  r0 = 0
  exit
