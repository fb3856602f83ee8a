; The frame pointer cannot be changed.
; expect: reg-frame-pointer-write
  r10 += 8
  r0 = 0
  exit
