; Behind the end of a socket buffer.
; expect: mem-ctx
; type: socket_filter
  r0 = *(u32 *)(r1 +192)
  exit
