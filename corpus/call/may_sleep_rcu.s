; Inside of an RCU section even programs that may sleep must not.
; expect: call-may-sleep-rcu
; type: syscall
; flags: sleepable
  call bpf_rcu_read_lock
  r1 = r10
  r1 += -8
  r2 = 8
  r3 = 0
  call bpf_copy_from_user
  call bpf_rcu_read_unlock
  r0 = 0
  exit
