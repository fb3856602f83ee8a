; The packet may have moved.
; expect: mem-invalid-access
; type: sched_cls
  r2 = *(u32 *)(r1 +76)
  r3 = *(u32 *)(r1 +80)
  r4 = r2
  r4 += 14
  if r4 > r3 goto out
  r6 = r1
  r7 = r2
  r2 = 100
  call bpf_skb_pull_data
  r0 = *(u8 *)(r7 +0)
out:
  r0 = 0
  exit
