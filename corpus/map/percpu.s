; The element of another CPU.
; expect: accepted
; type: sched_cls
; map: m percpu_array key=4 value=8 max=1
  *(u32 *)(r10 -4) = 0
  r2 = r10
  r2 += -4
  r1 = map[m]
  r3 = 1
  call bpf_map_lookup_percpu_elem
  if r0 == 0 goto out
  r0 = *(u64 *)(r0 +0)
out:
  r0 = 0
  exit
