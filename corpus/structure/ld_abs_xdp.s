; XDP programs have no socket buffer.
; expect: ld-abs-type
; type: xdp
  r6 = r1
  r0 = *(u8 *)skb[12]
  exit
