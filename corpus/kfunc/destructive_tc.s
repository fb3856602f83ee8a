; One that ends the kernel needs CAP_SYS_BOOT.
; expect: kfunc-destructive
; kernel: 6.12
; caps: bpf, perfmon, net_admin
; type: sched_cls
  call crash_kexec
  r0 = 0
  exit
