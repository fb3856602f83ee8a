; A negative module index.
; expect: kfunc-negative-offset
; type: sched_cls
  .insn 0x85, 0, 2, -1, 1
  r0 = 0
  exit
