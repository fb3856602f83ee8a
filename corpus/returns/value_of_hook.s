; What the hook would return is an error number or zero.
; expect: reg-uninit
; type: cgroup_sock_addr
; attach: cgroup_inet4_connect
  call bpf_get_retval
  r1 = r0
  r0 = 1
  if r1 s> 0 goto bad
  exit
bad:
  r0 = r9
  exit
