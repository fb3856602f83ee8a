; An index that may be negative.
; expect: mem-min-negative
; type: sched_cls
; map: m array key=4 value=64 max=1
  *(u32 *)(r10 -4) = 0
  r2 = r10
  r2 += -4
  r1 = map[m]
  call bpf_map_lookup_elem
  if r0 == 0 goto out
  r1 = *(u64 *)(r0 +0)
  if r1 s> 8 goto out
  if r1 s< -8 goto out
  r0 += r1
  r0 = *(u8 *)(r0 +0)
out:
  r0 = 0
  exit
