; What an atomic operation fetches from the stack was put there before: 0 on one path, 512 on the other.
; expect: accepted
; expect-6.12: mem-stack-range
; type: sched_cls
; flags: test_state_freq
  r2 = *(u32 *)(r1 +0)
  r1 = 512
  if r2 == 0 goto join
  r1 = 0
join:
  *(u64 *)(r10 -8) = r1
  r2 = 0
  r2 = atomic_fetch_add((u64 *)(r10 -8), r2)
  r3 = r10
  r3 += -16
  r3 += r2
  *(u8 *)(r3 +0) = 1
  r0 = 0
  exit
