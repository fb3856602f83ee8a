; A kernel function that may sleep while it is disabled.
; expect: kfunc-sleepable-preempt
; type: syscall
; flags: sleepable
  call bpf_preempt_disable
  r1 = r10
  r1 += -8
  r2 = 8
  r3 = 0
  r4 = 0
  call bpf_copy_from_user_str
  call bpf_preempt_enable
  r0 = 0
  exit
