; From the lowest slot of the stack there is no way up that a mask could bound.
; expect: spec-bounds
; caps: bpf net_admin
; type: socket_filter
  r2 = *(u32 *)(r1 +0)
  r2 &= 7
  r1 = r10
  r1 += -512
  r1 += r2
  r0 = 0
  exit
