; One load for memory that cannot be trusted and for the stack.
; expect: kfunc-rdonly-cast-type
; expect-6.18: accepted
; type: sched_cls
  r6 = *(u32 *)(r1 +0)
  *(u64 *)(r10 -8) = 0
  r2 = 0
  call bpf_rdonly_cast
  if r6 == 0 goto load
  r0 = r10
  r0 += -8
load:
  r1 = *(u64 *)(r0 +0)
  r0 = 0
  exit
