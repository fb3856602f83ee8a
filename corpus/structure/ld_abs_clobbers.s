; A classic packet load is a call: it destroys R1 to R5.
; expect: reg-uninit
  r6 = r1
  r2 = 5
  r0 = *(u8 *)skb[12]
  r0 += r2
  exit
