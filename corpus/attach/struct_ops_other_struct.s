; Not every struct can be implemented.
; expect: struct-ops-unsupported-struct
; type: struct_ops
; target: task_struct
  r0 = 0
  exit
