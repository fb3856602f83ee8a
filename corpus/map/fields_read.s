; Fields of a map may be read, as those of a kernel type.
; expect: accepted
; type: sched_cls
; map: m array key=4 value=8 max=1
  r1 = map[m]
  r0 = *(u32 *)(r1 +24)
  r0 = 0
  exit
