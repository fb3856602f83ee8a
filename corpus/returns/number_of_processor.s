; No processor has a number beyond what kernels are built for.
; expect: accepted
; type: sched_cls
; log: 1
  call bpf_get_smp_processor_id
  r1 = r0
  r0 = 0
  if r1 > 0xffff goto bad
  exit
bad:
  r0 = r9
  exit
