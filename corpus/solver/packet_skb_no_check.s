; A socket buffer, not checked.
; expect: mem-packet-range
; type: sched_cls
  r2 = *(u32 *)(r1 +76)
  r3 = *(u32 *)(r1 +80)
  r0 = *(u8 *)(r2 +14)
out:
  r0 = 0
  exit
