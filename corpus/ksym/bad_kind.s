; The address of a type.
; expect: ksym-kind
; type: sched_cls
  .insn 0x18, 1, 3, 0, 1
  .insn 0, 0, 0, 0, 0
  r0 = 0
  exit
