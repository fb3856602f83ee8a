; A write somewhere around a dynptr.
; expect: dynptr-overwrite
; type: sched_cls
; map: rb ringbuf max=4096
  r6 = *(u32 *)(r1 +0)
  r6 &= 8
  r1 = map[rb]
  r2 = 16
  r3 = 0
  r4 = r10
  r4 += -16
  call bpf_ringbuf_reserve_dynptr
  *(u64 *)(r10 -24) = 0
  r7 = r10
  r7 += -24
  r7 += r6
  *(u8 *)(r7 +0) = 1
  r1 = r10
  r1 += -16
  r2 = 0
  call bpf_ringbuf_discard_dynptr
  r0 = 0
  exit
