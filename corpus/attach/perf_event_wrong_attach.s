; An attach type of another program type.
; expect: silent
; type: cgroup_skb
; attach: cgroup_inet4_bind
  r0 = 1
  exit
