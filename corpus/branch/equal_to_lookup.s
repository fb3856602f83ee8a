; A value that may be null and equals one that is there is there, too.
; expect: accepted
; type: sched_cls
; map: m array key=4 value=8 max=1
; map: n hash key=4 value=8 max=1
  *(u32 *)(r10 -4) = 0
  r2 = r10
  r2 += -4
  r1 = map[n]
  call bpf_map_lookup_elem
  if r0 == 0 goto out
  r6 = r0
  r2 = r10
  r2 += -4
  r1 = map[n]
  call bpf_map_lookup_elem
  if r0 != r6 goto out
  r0 = *(u64 *)(r0 +0)
out:
  r0 = 0
  exit
