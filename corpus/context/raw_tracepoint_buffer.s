; A buffer that is written before its beginning.
; expect: mem-buffer-negative
; type: raw_tracepoint_writable
  r6 = *(u64 *)(r1 +0)
  r6 += -8
  r0 = *(u64 *)(r6 +0)
  r0 = 0
  exit
