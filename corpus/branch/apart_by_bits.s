; Two numbers whose low bits cannot be the same, and whose ranges show it only when both are made to agree.
; expect: accepted
; type: socket_filter
  r6 = *(u32 *)(r1 +0)
  r5 = r6
  r5 &= -4
  r7 = r6
  r7 &= 1
  r7 += -43
  r0 = 0
  if w5 != w7 goto +1
  r0 = 1
  exit
