; A function that programs may not implement.
; expect: struct-ops-member-unsupported
; type: struct_ops
; attach: 10
; target: tcp_congestion_ops
  r0 = 0
  exit
