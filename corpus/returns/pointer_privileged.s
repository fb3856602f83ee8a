; The result must be a number where its range matters.
; expect: return-type
; type: cgroup_skb
  r0 = r1
  exit
