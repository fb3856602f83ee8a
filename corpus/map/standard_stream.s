; The descriptor of something else.
; expect: map-bad-fd
; type: sched_cls
  .insn 0x18, 1, 1, 0, 1
  .insn 0, 0, 0, 0, 0
  r0 = 0
  exit
