; Comparisons bound a value on both branches, in 64 and in 32 bits.
; expect: accepted
; type: sched_cls
  r2 = *(u32 *)(r1 +0)
  if r2 > 100 goto large
  if w2 s< 10 goto small
  r0 = r2
  exit
large:
  if r2 == 200 goto exact
  r0 = 1
  exit
exact:
  r0 = r2
  exit
small:
  r0 = r2
  exit
