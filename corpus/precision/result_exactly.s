; The result is needed exactly: another path returns what may not be returned.
; expect: return-range
; type: cgroup_skb
; flags: test_state_freq
  r6 = *(u32 *)(r1 +0)
  r0 = 5
  if r6 == 0 goto out
  r0 = 1
out:
  exit
