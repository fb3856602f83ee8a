; Submitted by a pointer into the middle.
; expect: call-release-offset
; type: sched_cls
; map: rb ringbuf max=4096
  r1 = map[rb]
  r2 = 16
  r3 = 0
  call bpf_ringbuf_reserve
  if r0 == 0 goto out
  r1 = r0
  r1 += 8
  r2 = 0
  call bpf_ringbuf_discard
out:
  r0 = 0
  exit
