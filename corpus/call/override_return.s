; Changing the result of a probed function is only offered by kernels configured for it.
; expect: call-helper-not-offered
; type: kprobe
  r2 = 0
  call bpf_override_return
  r0 = 0
  exit
