; Local storage of a control group.
; expect: accepted
; type: cgroup_skb
; map: m cgroup_storage_deprecated key=16 value=8 max=0
  r1 = map[m]
  r2 = 0
  call bpf_get_local_storage
  r0 = *(u32 *)(r0 +0)
  r0 &= 1
  exit
