; Sections do not nest on 6.12.
; expect: rcu-nested
; type: sched_cls
  call bpf_rcu_read_lock
  call bpf_rcu_read_lock
  call bpf_rcu_read_unlock
  call bpf_rcu_read_unlock
  r0 = 0
  exit
