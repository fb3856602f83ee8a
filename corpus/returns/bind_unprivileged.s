; A bind hook may say that the port needs no privilege.
; expect: accepted
; type: cgroup_sock_addr
; attach: cgroup_inet4_bind
  r0 = 3
  exit
