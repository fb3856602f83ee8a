; The program ends inside of it.
; expect: rcu-held-at-exit
; expect-6.12: rcu-unlock-missing
; type: sched_cls
  call bpf_rcu_read_lock
  r0 = 0
  exit
