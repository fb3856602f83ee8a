; Half of the spilled pointer is written over: what is read back is a number.
; expect: mem-invalid-access
; type: sched_cls
  *(u64 *)(r10 -8) = r1
  *(u32 *)(r10 -8) = 0
  r2 = *(u64 *)(r10 -8)
  r0 = *(u32 *)(r2 +0)
  exit
