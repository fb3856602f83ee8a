; Classic packet loads take the context from R6.
; expect: ld-abs-r6
  r6 = 0
  r0 = *(u8 *)skb[12]
  exit
