; A hook without result cannot be given one.
; expect: call-void-hook-retval
; kernel: 6.12
; type: lsm
; attach: lsm_cgroup
; target: bpf_lsm_inet_csk_clone
  r1 = -1
  call bpf_set_retval
  r0 = 1
  exit
