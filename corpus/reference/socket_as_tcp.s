; A socket that is owned, looked at as one of TCP: null then does not say that there was no socket.
; expect: accepted
; type: sched_cls
  *(u64 *)(r10 -8) = 0
  *(u32 *)(r10 -12) = 0
  r2 = r10
  r2 += -12
  r3 = 12
  r4 = -1
  r5 = 0
  call bpf_sk_lookup_tcp
  if r0 == 0 goto out
  r6 = r0
  r1 = r0
  call bpf_tcp_sock
  r1 = r6
  call bpf_sk_release
out:
  r0 = 0
  exit
