; A task that was saved is data when a helper has read it where it was saved.
; expect: accepted
; expect-6.12: mem-invalid-access
; type: tracing
; attach: trace_raw_tp
; target: btf_trace_sched_switch
; map: rb ringbuf max=4096
  r6 = *(u64 *)(r1 +8)
  *(u64 *)(r10 -8) = r6
  r1 = map[rb]
  r2 = r10
  r2 += -8
  r3 = 8
  r4 = 0
  call bpf_ringbuf_output
  r1 = *(u64 *)(r10 -8)
  r0 = *(u64 *)(r1 +0)
  r0 = 0
  exit
