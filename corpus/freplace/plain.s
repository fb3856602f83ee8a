; A program without types.
; type: sched_cls
  r0 = 0
  exit
