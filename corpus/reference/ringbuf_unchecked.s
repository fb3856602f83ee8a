; Whether there was room is not asked.
; expect: mem-invalid-access
; type: sched_cls
; map: rb ringbuf max=4096
  r1 = map[rb]
  r2 = 16
  r3 = 0
  call bpf_ringbuf_reserve
  *(u64 *)(r0 +8) = 1
  r0 = 0
  exit
