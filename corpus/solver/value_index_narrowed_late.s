; A comparison of the low half only.
; expect: ptr-offset-unbounded
; type: xdp
; map: m array key=4 value=64 max=1
  r6 = *(u32 *)(r1 +12)
  r7 = *(u32 *)(r1 +16)
  r7 <<= 32
  r6 |= r7
  if w6 > 60 goto out
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
