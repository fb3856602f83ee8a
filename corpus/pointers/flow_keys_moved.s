; Flow keys at an offset that varies.
; expect: ptr-arith-type
; type: flow_dissector
  r6 = *(u64 *)(r1 +144)
  call bpf_get_prandom_u32
  r0 &= 1
  r6 += r0
  r0 = 0
  exit
