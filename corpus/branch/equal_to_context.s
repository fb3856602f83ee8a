; What equals the context is not null, if the context cannot be: later releases do not count it in.
; expect: accepted
; expect-6.12: mem-invalid-access
; type: sched_cls
; map: m array key=4 value=8 max=1
  r6 = r1
  *(u32 *)(r10 -4) = 0
  r2 = r10
  r2 += -4
  r1 = map[m]
  call bpf_map_lookup_elem
  if r0 != r6 goto out
  r0 = *(u64 *)(r0 +0)
out:
  r0 = 0
  exit
