; The same addition with other bounds on another path.
; expect: spec-paths
; caps: none
; map: m array key=4 value=64 max=1
  r6 = *(u32 *)(r1 +0)
  *(u32 *)(r10 -4) = 0
  r2 = r10
  r2 += -4
  r1 = map[m]
  call bpf_map_lookup_elem
  if r0 == 0 goto out
  r1 = *(u32 *)(r0 +0)
  r1 &= 7
  if r6 > 100 goto add
  r1 = *(u32 *)(r0 +0)
  r1 &= 15
add:
  r0 += r1
out:
  r0 = 0
  exit
