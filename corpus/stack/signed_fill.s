; What is read with its sign is no copy of what was saved without one.
; expect: accepted
; type: sched_cls
  r6 = *(u32 *)(r1 +0)
  *(u32 *)(r10 -8) = r6
  r7 = *(s32 *)(r10 -8)
  r0 = 0
  if r6 <= 0x7fffffff goto out
  if r7 s< 0 goto bad
out:
  exit
bad:
  r0 = r9
  exit
