; A format that is no constant string.
; expect: kfunc-arg-not-const-str
; kernel: 6.18
; type: sched_cls
  *(u64 *)(r10 -8) = 0
  r1 = 1
  r2 = r10
  r2 += -8
  r3 = r10
  r3 += -8
  r4 = 8
  r5 = 0
  call bpf_stream_vprintk_impl
  r0 = 0
  exit
