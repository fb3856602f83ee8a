; Two numbers whose low halves cannot be the same: only when both are made to agree nothing is left.
; expect: accepted
; type: socket_filter
  call bpf_get_prandom_u32
  r6 = r0
  r5 = r6
  r5 &= -4
  r7 = r6
  r7 &= 1
  r7 += -43
  r0 = 0
  if w5 != w7 goto +1
  r0 = 1
  exit
