; The size of a reservation is needed exactly: another path asks for half of it.
; expect: mem-region-range
; type: sched_cls
; flags: test_state_freq
; map: rb ringbuf max=4096
  r6 = *(u32 *)(r1 +0)
  r2 = 8
  if r6 == 0 goto reserve
  r2 = 16
reserve:
  r1 = map[rb]
  r3 = 0
  call bpf_ringbuf_reserve
  if r0 == 0 goto out
  *(u64 *)(r0 +8) = 0
  r1 = r0
  r2 = 0
  call bpf_ringbuf_discard
out:
  r0 = 0
  exit
