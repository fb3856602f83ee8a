; The sum of both frames is just 512 bytes.
; expect: accepted
  r1 = 0
  *(u64 *)(r10 -256) = r1
  call f
  exit
f:
  r1 = 0
  *(u64 *)(r10 -256) = r1
  r0 = 0
  exit
