; The end of the packet is no pointer to memory.
; expect: ptr-arith-type
; type: xdp
  r3 = *(u32 *)(r1 +4)
  r3 += -8
  r0 = 2
  exit
