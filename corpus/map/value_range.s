; Beyond the value.
; expect: mem-map-value-range
; type: sched_cls
; map: m array key=4 value=8 max=1
  *(u32 *)(r10 -4) = 0
  r2 = r10
  r2 += -4
  r1 = map[m]
  call bpf_map_lookup_elem
  if r0 == 0 goto out
  r0 = *(u64 *)(r0 +4)
out:
  r0 = 0
  exit
