; Spills around a helper that keeps registers.
; expect: accepted
; type: sched_cls
  r1 = 7
  *(u64 *)(r10 -16) = r1
  call bpf_get_smp_processor_id
  r1 = *(u64 *)(r10 -16)
  r0 += r1
  exit
