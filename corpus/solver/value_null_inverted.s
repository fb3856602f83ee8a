; The check is the wrong way round.
; expect: mem-invalid-access
; type: xdp
; map: h hash key=8 value=48 max=100
  *(u64 *)(r10 -8) = 0
  r2 = r10
  r2 += -8
  r1 = map[h]
  call bpf_map_lookup_elem
  if r0 != 0 goto out
  r0 = *(u64 *)(r0 +0)
out:
  r0 = 0
  exit
