; The context of raw tracepoints is no struct in the kernel.
; expect: mem-btf-not-struct
; kernel: 6.12
; type: tracing
; attach: trace_fentry
; replaces: raw_tp_target.o
; target: entry
  r1 = *(u64 *)(r1 +0)
  r0 = *(u64 *)(r1 +0)
  r0 = 0
  exit
