; Not from the context.
; expect: accepted
; kernel: 6.18
  r1 = load_acquire((u32 *)(r1 +0))
  r0 = 0
  exit
