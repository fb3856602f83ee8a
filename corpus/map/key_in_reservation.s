; A key in memory of a ring buffer.
; expect: accepted
; type: sched_cls
; map: rb ringbuf max=4096
; map: m array key=4 value=8 max=1
  r1 = map[rb]
  r2 = 8
  r3 = 0
  call bpf_ringbuf_reserve
  if r0 == 0 goto out
  r6 = r0
  *(u64 *)(r6 +0) = 0
  r1 = map[m]
  r2 = r6
  call bpf_map_lookup_elem
  r1 = r6
  r2 = 0
  call bpf_ringbuf_discard
out:
  r0 = 0
  exit
