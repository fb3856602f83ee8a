; Socket filters do not get at packets directly.
; expect: mem-ctx
; type: socket_filter
  r2 = *(u32 *)(r1 +76)
  r0 = 0
  exit
