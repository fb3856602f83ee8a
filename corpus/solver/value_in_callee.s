; A function reads more than its caller has.
; expect: mem-map-value-range
; type: xdp
; map: m array key=4 value=64 max=1
  *(u32 *)(r10 -4) = 0
  r2 = r10
  r2 += -4
  r1 = map[m]
  call bpf_map_lookup_elem
  if r0 == 0 goto out
  r1 = r0
  call f
out:
  r0 = 0
  exit
f:
  r0 = *(u64 *)(r1 +60)
  exit
