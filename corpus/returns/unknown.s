; So must an unknown result be.
; expect: return-range
; type: cgroup_sock_addr
; attach: cgroup_inet4_connect
  call bpf_get_prandom_u32
  exit
