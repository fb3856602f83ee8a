; A state with an unlinked number covers one where the number stands at a distance from another.
; expect: accepted
; type: sched_cls
; flags: test_state_freq
  r6 = *(u32 *)(r1 +0)
  r7 = *(u32 *)(r1 +4)
  r7 &= 0xff
  if r6 == 0 goto linked
  r8 = *(u32 *)(r1 +8)
  r8 &= 0x1ff
  goto join
linked:
  r8 = r7
  r8 += 1
join:
  r0 = 0
  if r8 > 0x200 goto bad
  exit
bad:
  r0 = r9
  exit
