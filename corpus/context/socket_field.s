; The socket of a packet, where it begins.
; expect: mem-sock
; type: cgroup_skb
  r2 = *(u64 *)(r1 +168)
  if r2 == 0 goto out
  r0 = *(u32 *)(r2 +2000)
out:
  r0 = 1
  exit
