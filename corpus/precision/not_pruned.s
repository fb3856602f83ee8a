; Paths that differ in what is asked do not.
; expect: mem-map-value-range
; type: sched_cls
; map: m array key=4 value=64 max=1
  r6 = *(u32 *)(r1 +0)
  *(u32 *)(r10 -4) = 0
  r2 = r10
  r2 += -4
  r1 = map[m]
  call bpf_map_lookup_elem
  if r0 == 0 goto out
  r7 = 8
  if r6 > 100 goto join
  r7 = 64
join:
  r0 += r7
  r0 = *(u8 *)(r0 +0)
out:
  r0 = 0
  exit
