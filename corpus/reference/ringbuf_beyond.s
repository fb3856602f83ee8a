; Sixteen bytes were reserved.
; expect: mem-region-range
; type: sched_cls
; map: rb ringbuf max=4096
  r1 = map[rb]
  r2 = 16
  r3 = 0
  call bpf_ringbuf_reserve
  if r0 == 0 goto out
  *(u64 *)(r0 +12) = 1
  r1 = r0
  r2 = 0
  call bpf_ringbuf_discard
out:
  r0 = 0
  exit
