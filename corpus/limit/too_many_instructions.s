; Every round is another state.
; expect: limit-insns
; log: 4
  r0 = 0
loop:
  r0 += 1
  if r0 != 0x7fffffff goto loop
  exit
