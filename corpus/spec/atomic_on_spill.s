; An atomic operation on a spilled address.
; expect: mem-stack-leak
; caps: none
  *(u64 *)(r10 -8) = r10
  r1 = 1
  lock *(u64 *)(r10 -8) += r1
  r0 = 0
  exit
