; Every kind, on the stack.
; expect: accepted
  *(u64 *)(r10 -8) = 8
  r1 = 1
  r0 = 8
  lock *(u64 *)(r10 -8) += r1
  lock *(u32 *)(r10 -8) |= r1
  lock *(u64 *)(r10 -8) &= r1
  lock *(u64 *)(r10 -8) ^= r1
  r1 = atomic64_fetch_add((u64 *)(r10 -8), r1)
  r1 = atomic64_xchg((u64 *)(r10 -8), r1)
  r0 = atomic_cmpxchg((u64 *)(r10 -8), r0, r1)
  exit
