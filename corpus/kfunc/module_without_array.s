; A module index without any modules.
; expect: kfunc-no-fd-array
; type: sched_cls
  .insn 0x85, 0, 2, 1, 1
  r0 = 0
  exit
