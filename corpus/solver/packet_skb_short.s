; A socket buffer, checked for too little.
; expect: mem-packet-range
; type: sched_cls
  r2 = *(u32 *)(r1 +76)
  r3 = *(u32 *)(r1 +80)
  r4 = r2
  r4 += 34
  if r4 > r3 goto out
  r0 = *(u16 *)(r2 +36)
out:
  r0 = 0
  exit
