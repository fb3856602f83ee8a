; A slot that the first round finds empty, and that each round fills.
; expect: accepted
; type: sched_cls
  r9 = r1
  *(u64 *)(r10 -40) = r9
  r1 = r10
  r1 += -8
  r2 = 0
  r3 = 10
  call bpf_iter_num_new
round:
  r1 = r10
  r1 += -8
  call bpf_iter_num_next
  if r0 == 0 goto done
  r6 = *(u64 *)(r10 -24)
  r6 = *(u32 *)(r9 +0)
  *(u64 *)(r10 -24) = r6
  goto round
done:
  r6 = *(u64 *)(r10 -24)
  r6 = *(u64 *)(r10 -40)
  r1 = r10
  r1 += -8
  call bpf_iter_num_destroy
  r0 = 0
  exit
