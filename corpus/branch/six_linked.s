; Six copies of a number that is compared: how many of them learn from it.
; expect: accepted
; type: socket_filter
  r0 = *(u32 *)(r1 +0)
  r0 &= 255
  r1 = r0
  r2 = r0
  r3 = r0
  r4 = r0
  r5 = r0
  if r5 > 7 goto +6
  r0 += r1
  r0 += r2
  r0 += r3
  r0 += r4
  r0 += r5
  exit
  r0 = 0
  exit
