; A number that must be exact is followed through the stack.
; expect: accepted
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
  r7 = 16
join:
  *(u64 *)(r10 -16) = r7
  r1 = *(u64 *)(r10 -16)
  r0 += r1
  r0 = *(u8 *)(r0 +0)
out:
  r0 = 0
  exit
