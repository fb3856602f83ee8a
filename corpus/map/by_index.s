; A map by its index in the array of descriptors.
; expect: accepted
; type: sched_cls
; map: m array key=4 value=8 max=1
; fd-array: 10
  .insn 0x18, 1, 6, 0, 0
  .insn 0, 0, 0, 0, 0
  r0 = *(u64 *)(r1 +0)
  exit
