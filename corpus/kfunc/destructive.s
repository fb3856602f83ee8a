; One that ends the kernel needs CAP_SYS_BOOT.
; expect: kfunc-not-allowed
; kernel: 6.12
; caps: bpf, perfmon, net_admin
; type: kprobe
  call crash_kexec
  r0 = 0
  exit
