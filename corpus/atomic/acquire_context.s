; Where the register loaded to is the one loaded from, the kernel asks too late whether it is the context.
; expect: accepted
; kernel: 6.18
  r1 = load_acquire((u32 *)(r1 +0))
  r0 = 0
  exit
