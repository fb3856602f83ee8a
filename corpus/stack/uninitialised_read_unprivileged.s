; Unprivileged programs may not read beyond what they have written.
; expect: mem-stack-range
; caps: none
  r0 = *(u64 *)(r10 -8)
  exit
