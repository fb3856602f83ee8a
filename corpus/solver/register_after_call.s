; A call destroys R1 to R5.
; expect: reg-uninit
; type: xdp
  r6 = r1
  call bpf_get_prandom_u32
  r0 = *(u32 *)(r1 +12)
  exit
