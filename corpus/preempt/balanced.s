; Preemption disabled twice and enabled twice.
; expect: accepted
; type: sched_cls
  call bpf_preempt_disable
  call bpf_preempt_disable
  call bpf_preempt_enable
  call bpf_preempt_enable
  r0 = 0
  exit
