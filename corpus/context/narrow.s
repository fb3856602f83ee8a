; Some fields may be read in parts.
; expect: accepted
; type: sched_cls
  r0 = *(u8 *)(r1 +0)
  r2 = *(u16 *)(r1 +4)
  r0 += r2
  exit
