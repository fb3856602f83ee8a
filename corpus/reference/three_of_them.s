; Of three reservations the first is given back: which of the others is told first?
; expect: ref-leak
; type: sched_cls
; map: rb ringbuf max=4096
  r1 = map[rb]
  r2 = 8
  r3 = 0
  call bpf_ringbuf_reserve
  r6 = r0
  r1 = map[rb]
  r2 = 8
  r3 = 0
  call bpf_ringbuf_reserve
  r7 = r0
  r1 = map[rb]
  r2 = 8
  r3 = 0
  call bpf_ringbuf_reserve
  r8 = r0
  r0 = 0
  if r6 == 0 goto out
  if r7 == 0 goto out
  if r8 == 0 goto out
  r1 = r6
  r2 = 0
  call bpf_ringbuf_discard
  r0 = 0
out:
  exit
