; The result of a cgroup program is 0 or 1.
; expect: return-range
; type: cgroup_skb
  r0 = 5
  exit
