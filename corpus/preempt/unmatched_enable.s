; It was not disabled.
; expect: preempt-unmatched-enable
; type: sched_cls
  call bpf_preempt_enable
  r0 = 0
  exit
