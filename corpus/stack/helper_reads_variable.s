; A helper reads a part of the frame that is not known, of which something was never written.
; expect: spec-stack-variable
; caps: bpf
; map: m hash key=8 value=8 max=1
  r3 = *(u32 *)(r1 +0)
  r3 &= 8
  *(u64 *)(r10 -8) = 0
  r2 = r10
  r2 += -16
  r2 += r3
  r1 = map[m]
  call bpf_map_lookup_elem
  r0 = 0
  exit
