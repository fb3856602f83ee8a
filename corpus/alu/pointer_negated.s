; Negation makes a number of an address: allowed to the privileged.
; expect: accepted
  r1 = -r1
  r0 = 0
  exit
