; A number that is known not to be in the middle of its range is compared with the same constant again.
; expect: accepted
; type: socket_filter
  r6 = *(u32 *)(r1 +0)
  r0 = 0
  if w6 == 0xfecaefbe goto +1
  r0 = 1
  if w6 == 0xfecaefbe goto +1
  r0 += 2
  r7 = *(u32 *)(r1 +4)
  r7 *= 5
  if r7 != 100 goto +2
  r0 = 0
  exit
  if r7 != 100 goto +1
  r0 = 0
  exit
