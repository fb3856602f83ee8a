; Bytes that nobody wrote.
; expect: mem-stack-range
; type: socket_filter
; caps: bpf
  r0 = *(u64 *)(r10 -8)
  exit
