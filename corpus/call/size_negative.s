; A size that may be negative.
; expect: call-size-negative
; type: kprobe
  r6 = *(u64 *)(r1 +0)
  r1 = r10
  r1 += -8
  r2 = r6
  if r2 s> 8 goto out
  r3 = 0
  call bpf_probe_read_kernel
out:
  r0 = 0
  exit
