; An iterator returns 0 or 1.
; expect: return-range
; type: tracing
; attach: trace_iter
; target: bpf_iter_task
  r0 = 5
  exit
