; Mispredicted paths wait too.
; expect: limit-jump-sequence
; log: 4
; caps: bpf net_admin
; type: sched_cls
; map: m array key=4 value=64 max=1
  *(u32 *)(r10 -4) = 0
  r2 = r10
  r2 += -4
  r1 = map[m]
  call bpf_map_lookup_elem
  if r0 == 0 goto out
  r1 = *(u64 *)(r0 +0)
  r1 &= 7
.rept 8300
  r2 = r0
  r2 += r1
.endr
out:
  r0 = 0
  exit
