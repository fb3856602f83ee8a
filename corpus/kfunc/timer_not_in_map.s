; A work queue on the stack.
; expect: kfunc-arg-not-map-value
; type: sched_cls
; map: m array key=4 value=16 max=1
  *(u64 *)(r10 -16) = 0
  *(u64 *)(r10 -8) = 0
  r1 = r10
  r1 += -16
  r2 = map[m]
  r3 = 0
  call bpf_wq_init
  r0 = 0
  exit
