; Memory that a helper reads, of which half was written, without CAP_PERFMON.
; expect: mem-stack-uninit-arg
; expect-6.18: mem-stack-range
; caps: bpf, net_admin
; type: sched_cls
; map: m perf_event_array key=4 value=4 max=1
  *(u64 *)(r10 -8) = 0
  r2 = map[m]
  r3 = 0
  r4 = r10
  r4 += -16
  r5 = 16
  call bpf_perf_event_output
  r0 = 0
  exit
