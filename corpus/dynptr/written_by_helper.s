; A helper writes where a dynptr lies.
; expect: mem-stack-dynptr-overwrite
; type: sched_cls
; map: rb ringbuf max=4096
  r6 = r1
  r1 = map[rb]
  r2 = 16
  r3 = 0
  r4 = r10
  r4 += -16
  call bpf_ringbuf_reserve_dynptr
  r1 = r6
  r2 = 0
  r3 = r10
  r3 += -16
  r4 = 16
  call bpf_skb_load_bytes
  r1 = r10
  r1 += -16
  r2 = 0
  call bpf_ringbuf_discard_dynptr
  r0 = 0
  exit
