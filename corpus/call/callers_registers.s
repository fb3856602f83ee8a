; R1 to R5 are gone after a call.
; expect: reg-uninit
  r3 = 7
  call bpf_get_prandom_u32
  r0 = r3
  exit
