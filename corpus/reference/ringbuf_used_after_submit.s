; Once submitted it is no longer ours.
; expect: mem-invalid-access
; type: sched_cls
; map: rb ringbuf max=4096
  r1 = map[rb]
  r2 = 16
  r3 = 0
  call bpf_ringbuf_reserve
  if r0 == 0 goto out
  r6 = r0
  r1 = r0
  r2 = 0
  call bpf_ringbuf_submit
  *(u64 *)(r6 +0) = 1
out:
  r0 = 0
  exit
; source: 14
; step: established 8
