; A size that may be zero where nothing may not be read.
; expect: call-size-zero
; type: sched_cls
; map: m perf_event_array key=4 value=4 max=1
  r6 = r1
  r5 = *(u32 *)(r6 +0)
  r5 &= 7
  *(u64 *)(r10 -8) = 0
  r1 = r10
  r1 += -8
  r2 = r5
  r3 = r10
  r3 += -8
  call bpf_trace_printk
  r0 = 0
  exit
