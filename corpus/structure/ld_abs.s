; Classic packet load through R6.
; expect: accepted
  r6 = r1
  r0 = *(u8 *)skb[12]
  r0 = *(u16 *)skb[r0 + 2]
  exit
