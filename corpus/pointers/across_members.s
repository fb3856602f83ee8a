; Across two members.
; expect: mem-btf-beyond-member
; type: tracing
; attach: trace_iter
; target: bpf_iter_task
  r2 = *(u64 *)(r1 +0)
  r0 = *(u64 *)(r2 +12)
  r0 = 0
  exit
