; A socket is moved that may be null.
; expect: ptr-arith-or-null
; type: sched_cls
  *(u64 *)(r10 -8) = 0
  *(u32 *)(r10 -12) = 0
  r2 = r10
  r2 += -12
  r3 = 12
  r4 = -1
  r5 = 0
  call bpf_sk_lookup_tcp
  r0 += 1
  r0 = 0
  exit
