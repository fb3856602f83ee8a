; Control group programs do not write packets.
; expect: mem-packet-read-only
; type: cgroup_skb
  r2 = *(u32 *)(r1 +76)
  r3 = *(u32 *)(r1 +80)
  r0 = r2
  r0 += 8
  if r0 > r3 goto out
  *(u32 *)(r2 +0) = 0
out:
  r0 = 1
  exit
