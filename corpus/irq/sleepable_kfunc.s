; A kernel function that may sleep with interrupts off.
; expect: kfunc-sleepable-irq
; kernel: 6.18
; type: syscall
; flags: sleepable
  r1 = r10
  r1 += -16
  call bpf_local_irq_save
  r1 = r10
  r1 += -8
  r2 = 8
  r3 = 0
  r4 = 0
  call bpf_copy_from_user_str
  r1 = r10
  r1 += -16
  call bpf_local_irq_restore
  r0 = 0
  exit
