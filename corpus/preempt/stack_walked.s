; Whether walking a stack may sleep, where nothing may.
; expect: accepted
; expect-6.12: call-may-sleep-preempt
; type: kprobe
; flags: sleepable
  r6 = r1
  call bpf_preempt_disable
  *(u64 *)(r10 -8) = 0
  r1 = r6
  r2 = r10
  r2 += -8
  r3 = 8
  r4 = 0
  call bpf_get_stack
  call bpf_preempt_enable
  r0 = 0
  exit
