; Records of a tracepoint.
; expect: accepted
; type: tracepoint
  r0 = *(u64 *)(r1 +8)
  exit
