; Half of a saved pointer is loaded.
; expect: mem-stack-fill-size
; type: socket_filter
; caps: bpf
  *(u64 *)(r10 -8) = r1
  r0 = *(u32 *)(r10 -8)
  exit
