; Or somewhere.
; expect: mem-buffer-variable
; type: raw_tracepoint_writable
  r6 = *(u64 *)(r1 +0)
  r7 = *(u64 *)(r1 +8)
  r7 &= 8
  r6 += r7
  r0 = *(u64 *)(r6 +0)
  r0 = 0
  exit
