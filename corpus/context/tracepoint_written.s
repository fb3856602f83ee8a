; Which are not for writing.
; expect: mem-ctx
; type: tracepoint
  *(u64 *)(r1 +8) = 0
  r0 = 0
  exit
