; A number that went through the stack keeps its bound, which is too large.
; expect: mem-map-value-range
; type: xdp
; map: m array key=4 value=64 max=1
  r6 = *(u32 *)(r1 +12)
  r6 &= 255
  *(u64 *)(r10 -16) = r6
  *(u32 *)(r10 -4) = 0
  r2 = r10
  r2 += -4
  r1 = map[m]
  call bpf_map_lookup_elem
  if r0 == 0 goto out
  r6 = *(u64 *)(r10 -16)
  r0 += r6
  r1 = *(u8 *)(r0 +0)
out:
  r0 = 0
  exit
