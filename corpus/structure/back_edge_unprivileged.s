; Without CAP_BPF no loop is allowed, however short.
; expect: cfg-back-edge
; caps: none
  r0 = 3
loop:
  r0 += -1
  if r0 != 0 goto loop
  exit
