; Implementations of kernel structs are GPL-compatible.
; expect: policy-struct-ops-gpl
; type: struct_ops
; target: tcp_congestion_ops
; license: Proprietary
  r0 = 0
  exit
