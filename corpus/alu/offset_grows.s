; Many steps, each allowed, add up to an offset that is not.
; expect: ptr-offset-fixed
; map: m array key=4 value=16 max=1
  *(u32 *)(r10 -4) = 0
  r2 = r10
  r2 += -4
  r1 = map[m]
  call bpf_map_lookup_elem
  if r0 == 0 goto out
  r0 += 0x1fffffff
  r0 += 0x1fffffff
out:
  r0 = 0
  exit
