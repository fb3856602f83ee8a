; Values of a frozen read-only map are constants: the branch is dead.
; expect: accepted
; type: sched_cls
; map: m array key=4 value=8 max=1 flags=128 data=0500000000000000 frozen
  r1 = map_value[m]
  r0 = *(u32 *)(r1 +0)
  if r0 == 5 goto out
  r0 = *(u64 *)(r0 +0)
out:
  exit
