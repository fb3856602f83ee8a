; An index into an array of descriptors that was not given.
; expect: map-fd-array
; type: sched_cls
  .insn 0x18, 1, 5, 0, 1
  .insn 0, 0, 0, 0, 0
  r0 = 0
  exit
