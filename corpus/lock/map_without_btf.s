; Without BTF nobody knows where the lock is.
; expect: call-map-btf
; type: sched_cls
; map: m array key=4 value=8 max=1
  *(u32 *)(r10 -4) = 0
  r2 = r10
  r2 += -4
  r1 = map[m]
  call bpf_map_lookup_elem
  if r0 == 0 goto out
  r1 = r0
  call bpf_spin_lock
out:
  r0 = 0
  exit
