; Packet memory may hold the key of a lookup.
; expect: accepted
; type: cgroup_skb
; map: m hash key=4 value=8 max=1
  r2 = *(u32 *)(r1 +76)
  r3 = *(u32 *)(r1 +80)
  r0 = r2
  r0 += 8
  if r0 > r3 goto out
  r1 = map[m]
  call bpf_map_lookup_elem
out:
  r0 = 0
  exit
