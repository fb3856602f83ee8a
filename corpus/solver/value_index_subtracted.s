; What is left after a subtraction may be below zero.
; expect: mem-min-negative
; type: xdp
; map: m array key=4 value=64 max=1
  r6 = *(u32 *)(r1 +12)
  r6 &= 31
  r6 -= 8
  *(u32 *)(r10 -4) = 0
  r2 = r10
  r2 += -4
  r1 = map[m]
  call bpf_map_lookup_elem
  if r0 == 0 goto out
  r0 += r6
  r1 = *(u8 *)(r0 +0)
out:
  r0 = 0
  exit
