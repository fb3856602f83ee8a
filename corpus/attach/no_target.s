; Tracing programs of BTF functions name their target.
; expect: attach-no-btf-id
; type: tracing
; attach: trace_raw_tp
  r0 = 0
  exit
