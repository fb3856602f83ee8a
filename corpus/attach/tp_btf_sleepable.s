; A program that sleeps, where the scheduler switches.
; expect: attach-not-sleepable-type
; type: tracing
; attach: trace_raw_tp
; target: btf_trace_sched_switch
; flags: sleepable
  r0 = 0
  exit
