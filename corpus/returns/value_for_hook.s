; What the hook returns instead must be an error number or zero.
; expect: accepted
; type: cgroup_sock_addr
; attach: cgroup_inet4_connect
  r1 = 7
  call bpf_set_retval
  r0 = 1
  exit
