; Signed division, remainder and sign-extending moves of ISA v4.
; expect: accepted
  r0 = -7
  r0 s/= 2
  r1 = -7
  r1 s%= 3
  r2 = (s8)r1
  w3 = (s16)w2
  r0 += r2
  exit
