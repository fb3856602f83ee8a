; On one path it is forgotten.
; expect: ref-leak
; type: sched_cls
; map: rb ringbuf max=4096
  r6 = *(u32 *)(r1 +0)
  r1 = map[rb]
  r2 = 16
  r3 = 0
  call bpf_ringbuf_reserve
  if r0 == 0 goto out
  if r6 > 100 goto out
  r1 = r0
  r2 = 0
  call bpf_ringbuf_submit
out:
  r0 = 0
  exit
