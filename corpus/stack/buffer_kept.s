; The buffer of a tracepoint was saved, and is used.
; expect: mem-invalid-access
; type: raw_tracepoint_writable
  r6 = *(u64 *)(r1 +0)
  *(u64 *)(r10 -8) = r6
  r1 = *(u64 *)(r10 -8)
  r0 = *(u64 *)(r1 +0)
  r0 = 0
  exit
