; A number that is a copy of one number in the first round, and of another in the next.
; expect: accepted
; type: sched_cls
  r9 = r1
  r1 = r10
  r1 += -8
  r2 = 0
  r3 = 10
  call bpf_iter_num_new
  r7 = *(u32 *)(r9 +4)
  r7 &= 7
  r6 = *(u32 *)(r9 +0)
  r6 &= 7
  r8 = r6
round:
  r1 = r10
  r1 += -8
  call bpf_iter_num_next
  if r0 == 0 goto done
  if r8 > 3 goto +0
  if r7 > 3 goto +0
  if r6 > 3 goto +0
  r7 = *(u32 *)(r9 +4)
  r7 &= 7
  r8 = r7
  goto round
done:
  r1 = r10
  r1 += -8
  call bpf_iter_num_destroy
  r0 = 0
  exit
