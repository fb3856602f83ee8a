; A program that sleeps, where a system call begins. These kernels cannot make functions fail.
; expect: attach-not-sleepable
; kernel: 6.12
; type: tracing
; attach: trace_fentry
; target: __x64_sys_getpgid
; flags: sleepable
  r0 = 0
  exit
