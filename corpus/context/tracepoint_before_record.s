; The kernel compares offsets of a tracepoint's record as unsigned, so what lies in front of it is let through.
; expect: accepted
; type: tracepoint
  r0 = *(u64 *)(r1 -8)
  r0 = 0
  exit
