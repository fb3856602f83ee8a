; A number that is compared with itself: newer releases know the answer without looking at it.
; expect: accepted
; type: socket_filter
  r6 = *(u32 *)(r1 +0)
  r7 = 0
  if r6 == r6 goto +1
  r7 = 1
  if r6 > r6 goto +1
  r7 += 2
  if w6 s< w6 goto +1
  r7 += 4
  r6 |= 1
  if r6 & r6 goto +1
  r7 += 8
  r0 = r7
  exit
