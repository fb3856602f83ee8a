; What is reserved is submitted or discarded on every path.
; expect: accepted
; type: sched_cls
; map: rb ringbuf max=4096
  r6 = *(u32 *)(r1 +0)
  r1 = map[rb]
  r2 = 16
  r3 = 0
  call bpf_ringbuf_reserve
  if r0 == 0 goto out
  *(u64 *)(r0 +8) = 1
  r1 = r0
  r2 = 0
  if r6 > 100 goto discard
  call bpf_ringbuf_submit
out:
  r0 = 0
  exit
discard:
  call bpf_ringbuf_discard
  r0 = 0
  exit
