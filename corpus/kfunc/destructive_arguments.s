; One that ends the kernel wants registers, which a context is not.
; expect: mem-arg-type
; kernel: 6.12
; type: sched_cls
  call crash_kexec
  r0 = 0
  exit
