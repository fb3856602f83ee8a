; A number minus an address has no form that is safe on speculative paths.
; expect: spec-pointer-type
; caps: none
  r0 = 0
  r0 -= r1
  r0 = 0
  exit
