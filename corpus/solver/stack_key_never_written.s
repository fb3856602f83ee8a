; A key that nobody wrote.
; expect: mem-stack-range
; expect-6.12: mem-stack-uninit-arg
; type: socket_filter
; map: h hash key=8 value=48 max=100
; caps: bpf
  r2 = r10
  r2 += -8
  r1 = map[h]
  call bpf_map_lookup_elem
  r0 = 0
  exit
