; It was never begun.
; expect: rcu-unmatched-unlock
; type: sched_cls
  call bpf_rcu_read_unlock
  r0 = 0
  exit
