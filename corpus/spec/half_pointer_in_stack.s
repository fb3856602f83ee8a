; An unprivileged program copies part of the stack that holds an address into a map.
; expect: mem-stack-uninit-arg
; caps: none
; map: m hash key=8 value=8 max=1
  *(u64 *)(r10 -8) = r10
  *(u64 *)(r10 -16) = 0
  r1 = map[m]
  r2 = r10
  r2 += -16
  r3 = r10
  r3 += -8
  r4 = 0
  call bpf_map_update_elem
  r0 = 0
  exit
