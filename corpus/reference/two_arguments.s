; A helper gets two references at once.
; expect: call-two-references
; type: sched_cls
; map: rb ringbuf max=4096
  r1 = map[rb]
  r2 = 16
  r3 = 0
  call bpf_ringbuf_reserve
  if r0 == 0 goto out
  r6 = r0
  r1 = map[rb]
  r2 = 16
  r3 = 0
  call bpf_ringbuf_reserve
  if r0 == 0 goto first
  r7 = r0
  *(u64 *)(r6 +0) = 0
  *(u64 *)(r7 +0) = 0
  r1 = r6
  r2 = 8
  r3 = r7
  r4 = 8
  r5 = 0
  call bpf_csum_diff
  r1 = r7
  r2 = 0
  call bpf_ringbuf_discard
first:
  r1 = r6
  r2 = 0
  call bpf_ringbuf_discard
out:
  r0 = 0
  exit
