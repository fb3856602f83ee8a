; With the flag for tests, contradicting bounds reject the program.
; expect: reg-invariants
; type: sched_cls
; flags: test_reg_invariants
  call bpf_get_prandom_u32
  r0 *= -2147483648
  if w0 s> w0 goto +1
  r0 = 0
  exit
