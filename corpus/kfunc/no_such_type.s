; A function id that no type has.
; expect: kfunc-not-a-function
; type: sched_cls
  .insn 0x85, 0, 2, 0, 1
  r0 = 0
  exit
