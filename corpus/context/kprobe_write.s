; Registers that a probe sees may not be changed.
; expect: mem-ctx
; type: kprobe
  *(u64 *)(r1 +0) = 1
  r0 = 0
  exit
