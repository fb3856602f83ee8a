; Not from the context.
; expect: mem-atomic-load
; kernel: 6.18
  r2 = load_acquire((u32 *)(r1 +0))
  r0 = 0
  exit
