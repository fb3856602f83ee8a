; Still off at the end.
; expect: irq-held-at-exit
; kernel: 6.18
; type: sched_cls
  r1 = r10
  r1 += -8
  call bpf_local_irq_save
  r0 = 0
  exit
