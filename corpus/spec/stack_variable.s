; The frame is only moved in by constants.
; expect: spec-stack-variable
; caps: none
  r3 = *(u32 *)(r1 +0)
  r3 &= 8
  r2 = r10
  r2 += -16
  r2 += r3
  r0 = 0
  exit
