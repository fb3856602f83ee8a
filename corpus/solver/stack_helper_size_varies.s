; A helper fills as much as it is told.
; expect: mem-stack-range
; type: kprobe
  r2 = *(u64 *)(r1 +16)
  r2 &= 63
  r1 = r10
  r1 += -32
  r3 = 0
  call bpf_probe_read_kernel
  r0 = 0
  exit
