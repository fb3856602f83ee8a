; The same reservation, under another id on the other path.
; expect: accepted
; type: sched_cls
; flags: test_state_freq
; map: rb ringbuf max=4096
; map: m array key=4 value=8 max=1
  r8 = *(u32 *)(r1 +0)
  r7 = r1
  if r8 == 0 goto reserve
  *(u32 *)(r10 -4) = 1
  r2 = r10
  r2 += -4
  r1 = map[m]
  call bpf_map_lookup_elem
  r7 = r10
reserve:
  r1 = map[rb]
  r2 = 8
  r3 = 0
  call bpf_ringbuf_reserve
  r6 = r7
  r7 = 0
  r6 = 0
  if r0 == 0 goto out
  r1 = r0
  r2 = 0
  call bpf_ringbuf_discard
out:
  r0 = 0
  exit
