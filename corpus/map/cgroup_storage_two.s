; One of a kind.
; expect: map-cgroup-storage
; type: cgroup_skb
; map: m cgroup_storage_deprecated key=16 value=8 max=0
; map: n cgroup_storage_deprecated key=16 value=8 max=0
  r1 = map[m]
  r1 = map[n]
  r0 = 1
  exit
