; A function does not check what it is given.
; expect: mem-map-value-range
; type: xdp
; map: m array key=4 value=64 max=1
  r6 = *(u32 *)(r1 +12)
  r6 &= 127
  *(u32 *)(r10 -4) = 0
  r2 = r10
  r2 += -4
  r1 = map[m]
  call bpf_map_lookup_elem
  if r0 == 0 goto out
  r1 = r0
  r2 = r6
  call f
out:
  r0 = 0
  exit
f:
  r1 += r2
  r0 = *(u8 *)(r1 +0)
  exit
