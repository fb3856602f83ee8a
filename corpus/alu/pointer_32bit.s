; Addresses are 64 bits wide.
; expect: ptr-arith-32bit
; caps: none
  r2 = r10
  w2 += 4
  r0 = 0
  exit
