; A result that may be null cannot be moved.
; expect: ptr-arith-or-null
; map: m hash key=4 value=16 max=1
  *(u32 *)(r10 -4) = 0
  r2 = r10
  r2 += -4
  r1 = map[m]
  call bpf_map_lookup_elem
  r0 += 8
  r0 = 0
  exit
