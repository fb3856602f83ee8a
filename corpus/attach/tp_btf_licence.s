; Structs of the kernel are read by programs under the GPL.
; expect: mem-btf-gpl
; type: tracing
; attach: trace_raw_tp
; target: btf_trace_sched_switch
; license: Proprietary
  r0 = *(u64 *)(r1 +8)
  r0 = *(u32 *)(r0 +0)
  r0 = 0
  exit
