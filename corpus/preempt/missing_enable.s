; Still disabled at the end.
; expect: preempt-held-at-exit
; expect-6.12: preempt-enable-missing
; type: sched_cls
  call bpf_preempt_disable
  r0 = 0
  exit
