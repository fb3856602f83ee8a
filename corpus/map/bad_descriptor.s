; No map is open under this number.
; expect: map-bad-fd
; type: sched_cls
  .insn 0x18, 1, 1, 0, 777
  .insn 0, 0, 0, 0, 0
  r0 = 0
  exit
