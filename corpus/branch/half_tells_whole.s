; A range that crosses from one block of 32 bits to the next, and a low half that only the next one has.
; expect: reg-uninit
; type: sched_cls
  r2 = *(u32 *)(r1 +4)
  r1 = *(u32 *)(r1 +0)
  r3 = 0x1fffffff0 ll
  r1 &= 0x1f
  r1 += r3
  r0 = 0
  if w1 > 0x10 goto out
  r3 = 0x1ffffffff ll
  if r1 <= r3 goto bad
out:
  exit
bad:
  r0 = r9
  exit
