; An index that is fine until it is scaled.
; expect: mem-map-value-range
; type: xdp
; map: m array key=4 value=64 max=1
  r6 = *(u32 *)(r1 +12)
  r6 &= 15
  *(u32 *)(r10 -4) = 0
  r2 = r10
  r2 += -4
  r1 = map[m]
  call bpf_map_lookup_elem
  if r0 == 0 goto out
  r6 <<= 3
  r0 += r6
  r1 = *(u64 *)(r0 +0)
out:
  r0 = 0
  exit
