; A member that is no function.
; expect: struct-ops-member-invalid
; type: struct_ops
; attach: 11
; target: tcp_congestion_ops
  r0 = 0
  exit
