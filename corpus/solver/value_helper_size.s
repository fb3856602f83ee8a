; A helper is asked to read more than there is.
; expect: mem-map-value-range
; type: xdp
; map: m array key=4 value=64 max=1
  r9 = r1
  *(u32 *)(r10 -4) = 0
  r2 = r10
  r2 += -4
  r1 = map[m]
  call bpf_map_lookup_elem
  if r0 == 0 goto out
  r3 = r0
  r1 = r9
  r4 = r0
  r1 = r0
  r2 = 65
  r3 = r0
  r4 = 0
  r5 = 0
  r1 = r0
  r2 = 68
  r3 = 0
  r4 = 0
  call bpf_csum_diff
out:
  r0 = 0
  exit
