; Also fields of a map.
; expect: mem-btf-gpl
; license: Proprietary
; type: tracing
; attach: trace_raw_tp
; target: btf_trace_sched_switch
  r2 = *(u64 *)(r1 +8)
  r0 = *(u32 *)(r2 +0)
  r0 = 0
  exit
