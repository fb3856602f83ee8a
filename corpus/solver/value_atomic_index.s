; An atomic addition at an index that may be too large.
; expect: mem-map-value-range
; type: xdp
; map: m array key=4 value=64 max=1
  r6 = *(u32 *)(r1 +12)
  r6 &= 120
  *(u32 *)(r10 -4) = 0
  r2 = r10
  r2 += -4
  r1 = map[m]
  call bpf_map_lookup_elem
  if r0 == 0 goto out
  r0 += r6
  r1 = 1
  lock *(u64 *)(r0 +0) += r1
out:
  r0 = 0
  exit
