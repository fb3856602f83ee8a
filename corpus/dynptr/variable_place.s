; Where on the stack must be known.
; expect: mem-stack-object-constant
; type: sched_cls
; map: rb ringbuf max=4096
  r6 = *(u32 *)(r1 +0)
  r6 &= 16
  r1 = map[rb]
  r2 = 16
  r3 = 0
  r4 = r10
  r4 += -64
  r4 += r6
  call bpf_ringbuf_reserve_dynptr
  r0 = 0
  exit
