; A member index beyond the struct.
; expect: struct-ops-member-index
; type: struct_ops
; attach: 500
; target: tcp_congestion_ops
  r0 = 0
  exit
