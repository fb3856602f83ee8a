; A descriptor that is no BTF.
; expect: kfunc-bad-btf-fd
; type: sched_cls
; fd-array: 0 777
  .insn 0x85, 0, 2, 1, 1
  r0 = 0
  exit
