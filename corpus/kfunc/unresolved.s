; A call that a loader could not resolve is refused where it is reached.
; expect: kfunc-invalid-call
; type: sched_cls
  .insn 0x85, 0, 2, 0, 0
  r0 = 0
  exit
