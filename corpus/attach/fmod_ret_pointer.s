; The result that such a program may change is a number.
; expect: mem-ctx
; kernel: 6.12
; type: tracing
; attach: modify_return
; target: security_get_initial_sid_context
  r0 = *(u64 *)(r1 +8)
  r0 = 0
  exit
