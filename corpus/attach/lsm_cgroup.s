; A security hook of a control group.
; expect: accepted
; kernel: 6.12
; type: lsm
; attach: lsm_cgroup
; target: bpf_lsm_socket_bind
  r0 = 1
  exit
