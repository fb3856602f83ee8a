; A key of eight bytes, of which six were checked.
; expect: mem-packet-range
; type: xdp
; map: h hash key=8 value=48 max=100
  r2 = *(u32 *)(r1 +0)
  r3 = *(u32 *)(r1 +4)
  r4 = r2
  r4 += 6
  if r4 > r3 goto out
  r1 = map[h]
  call bpf_map_lookup_elem
out:
  r0 = 0
  exit
