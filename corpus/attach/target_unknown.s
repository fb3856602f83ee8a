; A type id beyond all.
; expect: attach-btf-id-invalid
; type: tracing
; attach: trace_raw_tp
; target: 0xffff0
  r0 = 0
  exit
