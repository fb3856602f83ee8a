; With CAP_BPF alone, the stack is still read at known places only.
; expect: spec-stack-variable
; caps: bpf
  r3 = *(u32 *)(r1 +0)
  r3 &= 8
  *(u64 *)(r10 -8) = 0
  *(u64 *)(r10 -16) = 0
  r2 = r10
  r2 += -16
  r2 += r3
  r0 = *(u64 *)(r2 +0)
  exit
