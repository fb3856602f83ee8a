; Eight bytes, of which four were written.
; expect: mem-stack-uninit
; type: socket_filter
; caps: bpf
  *(u32 *)(r10 -8) = 0
  r0 = *(u64 *)(r10 -8)
  exit
