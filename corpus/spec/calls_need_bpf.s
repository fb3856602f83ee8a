; Local functions need CAP_BPF.
; expect: policy-calls-cap
; caps: none
  call f
  exit
f:
  r0 = 0
  exit
