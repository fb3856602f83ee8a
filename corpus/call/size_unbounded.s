; A size without upper bound.
; expect: call-size-unbounded
; type: kprobe
  r6 = *(u64 *)(r1 +0)
  r6 >>= 1
  r1 = r10
  r1 += -8
  r2 = r6
  r3 = 0
  call bpf_probe_read_kernel
  r0 = 0
  exit
