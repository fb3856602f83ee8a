; Between -5 and 10, and above 20 without a sign, in 64 bits: then it is negative.
; expect: accepted
; type: sched_cls
  call bpf_ktime_get_ns
  r1 = r0
  r0 = 0
  if r1 s< -5 goto out
  if r1 s> 10 goto out
  if r1 <= 20 goto out
  if r1 s>= 0 goto bad
out:
  exit
bad:
  r0 = r9
  exit
