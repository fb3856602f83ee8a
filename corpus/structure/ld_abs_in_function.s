; Functions that load from packets need BTF, because the load may end the program.
; expect: btf-ld-abs
  call f
  exit
f:
  r6 = r1
  r0 = *(u8 *)skb[12]
  exit
