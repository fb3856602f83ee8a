; A size that must be a constant.
; expect: call-arg-constant
; type: kprobe
; map: rb ringbuf max=4096
  r2 = *(u64 *)(r1 +0)
  r1 = map[rb]
  r3 = 0
  call bpf_ringbuf_reserve
  r0 = 0
  exit
