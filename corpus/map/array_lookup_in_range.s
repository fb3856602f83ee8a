; A constant key inside of an array finds its element on 6.18: no question is needed.
; expect: mem-invalid-access
; expect-6.18: mem-invalid-access
; type: sched_cls
; map: m array key=4 value=8 max=4
  *(u32 *)(r10 -4) = 3
  r2 = r10
  r2 += -4
  r1 = map[m]
  call bpf_map_lookup_elem
  r0 = *(u64 *)(r0 +0)
  r0 = 0
  exit
