; The flag lives on the stack.
; expect: kfunc-arg-irq-flag
; kernel: 6.18
; type: sched_cls
  call bpf_local_irq_save
  r0 = 0
  exit
