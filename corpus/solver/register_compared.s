; A comparison of a register that nobody wrote.
; expect: reg-uninit
; type: xdp
  if r7 == 0 goto out
out:
  r0 = 0
  exit
