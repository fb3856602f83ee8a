; Which 6.12 does not know.
; expect: mem-atomic-opcode
; kernel: 6.12
  *(u64 *)(r10 -8) = 8
  r1 = load_acquire((u64 *)(r10 -8))
  r0 = 0
  exit
