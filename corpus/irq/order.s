; Restored in the order of saving.
; expect: irq-flag-order
; kernel: 6.18
; type: sched_cls
  r1 = r10
  r1 += -8
  call bpf_local_irq_save
  r1 = r10
  r1 += -16
  call bpf_local_irq_save
  r1 = r10
  r1 += -8
  call bpf_local_irq_restore
  r1 = r10
  r1 += -16
  call bpf_local_irq_restore
  r0 = 0
  exit
