; A size with both bounds.
; expect: accepted
; type: kprobe
  r6 = *(u64 *)(r1 +0)
  r6 &= 7
  *(u64 *)(r10 -8) = 0
  r1 = r10
  r1 += -8
  r2 = r6
  r3 = 0
  call bpf_probe_read_kernel
  r0 = *(u64 *)(r10 -8)
  exit
