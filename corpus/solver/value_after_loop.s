; The last round of a loop is one too many.
; expect: mem-map-value-range
; type: xdp
; map: m array key=4 value=64 max=1
  *(u32 *)(r10 -4) = 0
  r2 = r10
  r2 += -4
  r1 = map[m]
  call bpf_map_lookup_elem
  if r0 == 0 goto out
  r6 = 0
again:
  r1 = *(u8 *)(r0 +0)
  r0 += 8
  r6 += 1
  if r6 < 9 goto again
out:
  r0 = 0
  exit
