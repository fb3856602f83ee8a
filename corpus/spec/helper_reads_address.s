; A helper that reads the stack would see an address.
; expect: mem-stack-leak
; expect-6.12: mem-stack-uninit-arg
; caps: none
; map: m hash key=8 value=8 max=1
  *(u64 *)(r10 -8) = r1
  r2 = r10
  r2 += -8
  r1 = map[m]
  call bpf_map_lookup_elem
  r0 = 0
  exit
