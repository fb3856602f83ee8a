; Half of a pointer.
; expect: mem-btf-pointer-part
; type: tracing
; attach: trace_iter
; target: bpf_iter_task
  r2 = *(u64 *)(r1 +0)
  r0 = *(u32 *)(r2 +0)
  r0 = 0
  exit
