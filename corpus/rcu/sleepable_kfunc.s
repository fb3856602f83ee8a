; A kernel function that may sleep inside of it.
; expect: kfunc-sleepable-rcu
; type: syscall
; flags: sleepable
  call bpf_rcu_read_lock
  r1 = r10
  r1 += -8
  r2 = 8
  r3 = 0
  r4 = 0
  call bpf_copy_from_user_str
  call bpf_rcu_read_unlock
  r0 = 0
  exit
