; Unprivileged programs may not pass addresses as numbers.
; expect: call-leaks-addr
; caps: bpf
; map: m queue key=0 value=8 max=1
  r2 = r1
  *(u64 *)(r10 -8) = 0
  r1 = map[m]
  r3 = r2
  r2 = r10
  r2 += -8
  call bpf_map_push_elem
  r0 = 0
  exit
