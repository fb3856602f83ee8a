; Loops that may go on wait like branches do; the error differs.
; expect: limit-jump-sequence
; log: 4
; type: sched_cls
.rept 8300
  may_goto +1
  r1 = 0
.endr
  r0 = 0
  exit
