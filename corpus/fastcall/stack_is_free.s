; What is saved around a call that changes no registers needs no stack: 272 and 240 bytes are 512.
; expect: accepted
; type: sched_cls
; log: 1
  *(u64 *)(r10 -272) = r1
  call f
  r0 = 0
  exit
f:
  *(u64 *)(r10 -240) = r1
  r1 = 1
  *(u64 *)(r10 -248) = r1
  call bpf_get_smp_processor_id
  r1 = *(u64 *)(r10 -248)
  r0 = 0
  exit
