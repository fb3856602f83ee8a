; A pointer to which any 32 bits were added may be null.
; expect: accepted
; expect-6.12: reg-uninit
; type: sched_cls
; map: m array key=4 value=8 max=1
  r6 = *(u32 *)(r1 +0)
  *(u32 *)(r10 -4) = 0
  r2 = r10
  r2 += -4
  r1 = map[m]
  call bpf_map_lookup_elem
  if r0 == 0 goto out
  r0 += r6
  if r0 == 0 goto bad
out:
  r0 = 0
  exit
bad:
  r0 = r9
  exit
