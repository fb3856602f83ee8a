; An RCU section.
; expect: accepted
; type: sched_cls
  call bpf_rcu_read_lock
  call bpf_rcu_read_unlock
  r0 = 0
  exit
