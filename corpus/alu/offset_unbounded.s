; A number without lower bound is added to an address.
; expect: ptr-offset-unbounded
; map: m array key=4 value=16 max=1
  *(u32 *)(r10 -4) = 0
  r2 = r10
  r2 += -4
  r1 = map[m]
  call bpf_map_lookup_elem
  if r0 == 0 goto out
  r1 = *(u64 *)(r0 +0)
  r0 += r1
out:
  r0 = 0
  exit
