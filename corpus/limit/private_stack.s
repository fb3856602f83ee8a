; Two functions with 304 bytes each: too much, unless functions that trace have stacks of their own.
; expect: accepted
; expect-6.12: stack-combined
; type: kprobe
  *(u64 *)(r10 -304) = r1
  call f
  r0 = 0
  exit
f:
  *(u64 *)(r10 -304) = r1
  r0 = 0
  exit
