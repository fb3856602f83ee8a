; Of a module that is none.
; expect: ksym-module
; type: sched_cls
  .insn 0x18, 1, 3, 0, 1
  .insn 0, 0, 0, 0, 777
  r0 = 0
  exit
