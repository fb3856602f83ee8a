; A register that is compared with itself is checked twice for bounds that contradict each other.
; expect: accepted
; type: sched_cls
  call bpf_get_prandom_u32
  r0 *= -2147483648
  if w0 s> w0 goto +1
  r0 = 0
  exit
