; Unprivileged programs may not compare addresses with numbers.
; expect: ptr-comparison
; caps: none
  r0 = 0
  if r1 == 5 goto out
  r0 = 1
out:
  exit
