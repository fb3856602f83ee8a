; A program that sleeps, on a security hook of a control group.
; expect: attach-not-sleepable-type
; kernel: 6.12
; type: lsm
; attach: lsm_cgroup
; target: bpf_lsm_socket_bind
; flags: sleepable
  r0 = 1
  exit
