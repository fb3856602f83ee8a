; One that returns a struct.
; expect: kfunc-proto-return
; kernel: 6.12
; type: sched_cls
  call class_irqsave_constructor
  r0 = 0
  exit
