; A branch that cannot be taken is walked as speculation would.
; expect: accepted
; caps: none
  r0 = 1
  if r0 == 1 goto out
  r0 = 2
out:
  exit
