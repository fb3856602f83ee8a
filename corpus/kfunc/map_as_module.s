; The descriptor of a map is no BTF either.
; expect: kfunc-bad-btf-fd
; type: sched_cls
; map: m array key=4 value=8 max=1
; fd-array: 0 10
  .insn 0x85, 0, 2, 1, 1
  r0 = 0
  exit
