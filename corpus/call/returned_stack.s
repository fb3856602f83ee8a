; A function returns the address of its own frame.
; expect: call-return-stack
  call f
  r0 = *(u64 *)(r0 -8)
  exit
f:
  r0 = r10
  exit
