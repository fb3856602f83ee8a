; With strict alignment, a packet load at an odd offset is refused.
; expect: mem-packet-misaligned
; type: sched_cls
; flags: strict_alignment
  r2 = *(u32 *)(r1 +76)
  r3 = *(u32 *)(r1 +80)
  r4 = r2
  r4 += 14
  r0 = 0
  if r4 > r3 goto out
  r0 = *(u32 *)(r2 +1)
out:
  exit
