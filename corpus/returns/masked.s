; A mask is enough.
; expect: accepted
; type: cgroup_sock_addr
; attach: cgroup_inet4_connect
  call bpf_get_prandom_u32
  r0 &= 1
  exit
