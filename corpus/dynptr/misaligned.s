; A dynptr that lies across two of its slots.
; expect: mem-stack-object-offset
; type: sched_cls
; map: rb ringbuf max=4096
  r1 = map[rb]
  r2 = 16
  r3 = 0
  r4 = r10
  r4 += -20
  call bpf_ringbuf_reserve_dynptr
  r0 = 0
  exit
