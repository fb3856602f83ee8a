; Of a type that is not there.
; expect: ksym-id
; type: sched_cls
  .insn 0x18, 1, 3, 0, 0x7fffff
  .insn 0, 0, 0, 0, 0
  r0 = 0
  exit
