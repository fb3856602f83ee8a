; A loop that is left by an exception before the verifier stored a state of it.
; expect: kernel-bug-scc
; expect-6.12: accepted
; type: sched_cls
  r6 = 0
loop:
  call bpf_get_prandom_u32
  if r0 != 0 goto skip
  r1 = 0
  call bpf_throw
skip:
  r6 += 1
  if r6 < 3 goto loop
  r0 = 0
  exit
