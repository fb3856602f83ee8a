; Whether the element exists is not asked.
; expect: mem-invalid-access
; type: sched_cls
; map: m hash key=4 value=8 max=1
  *(u32 *)(r10 -4) = 0
  r2 = r10
  r2 += -4
  r1 = map[m]
  call bpf_map_lookup_elem
  r0 = *(u64 *)(r0 +0)
  r0 = 0
  exit
