; Bits tested one by one.
; expect: accepted
; type: sched_cls
  r2 = *(u32 *)(r1 +0)
  r0 = 0
  if r2 & 8 goto out
  if w2 & 0x40 goto out
  r0 = r2
  r0 &= 0x48
  if r0 == 0 goto out
  r0 = *(u64 *)(r0 +0)
out:
  exit
