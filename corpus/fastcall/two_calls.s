; Two patterns share a slot.
; expect: accepted
; type: sched_cls
  r1 = 7
  r2 = 8
  *(u64 *)(r10 -16) = r1
  *(u64 *)(r10 -8) = r2
  call bpf_get_smp_processor_id
  r2 = *(u64 *)(r10 -8)
  r1 = *(u64 *)(r10 -16)
  r6 = r2
  *(u64 *)(r10 -16) = r1
  call bpf_get_smp_processor_id
  r1 = *(u64 *)(r10 -16)
  r0 += r1
  r0 += r6
  exit
