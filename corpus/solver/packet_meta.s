; Metadata that nobody checked.
; expect: mem-packet-range
; type: xdp
  r2 = *(u32 *)(r1 +8)
  r3 = *(u32 *)(r1 +0)
  r0 = *(u32 *)(r2 +0)
out:
  r0 = 0
  exit
