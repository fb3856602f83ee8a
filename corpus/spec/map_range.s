; A constant that leaves the value.
; expect: spec-map-range
; expect-6.12: mem-map-value-range
; caps: none
; map: m array key=4 value=8 max=1
  *(u32 *)(r10 -4) = 0
  r2 = r10
  r2 += -4
  r1 = map[m]
  call bpf_map_lookup_elem
  if r0 == 0 goto out
  r0 += 600
out:
  r0 = 0
  exit
