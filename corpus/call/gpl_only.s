; A helper for programs with a GPL-compatible licence.
; expect: call-gpl-only
; type: kprobe
; license: Proprietary
  r1 = r10
  r1 += -8
  r2 = 8
  r3 = 0
  call bpf_probe_read_kernel
  r0 = 0
  exit
