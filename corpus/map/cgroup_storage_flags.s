; Its flags must be zero.
; expect: call-local-storage-flags
; type: cgroup_skb
; map: m cgroup_storage_deprecated key=16 value=8 max=0
  r1 = map[m]
  r2 = 1
  call bpf_get_local_storage
  r0 = 1
  exit
