; A number plus the frame pointer of a function that was called: older kernels take the sum for a place in the frame of
; its caller, where a number stands.
; expect: mem-invalid-access
; expect-6.12: accepted
; type: sched_cls
  r2 = 0
  *(u64 *)(r10 -8) = r2
  call f
  exit
f:
  *(u64 *)(r10 -8) = r1
  r2 = -8
  r2 += r10
  r3 = *(u64 *)(r2 +0)
  r0 = *(u32 *)(r3 +0)
  exit
