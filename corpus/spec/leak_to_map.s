; An address into a map would tell it to everyone.
; expect: mem-leaks-addr
; caps: none
; map: m array key=4 value=8 max=1
  r6 = r1
  *(u32 *)(r10 -4) = 0
  r2 = r10
  r2 += -4
  r1 = map[m]
  call bpf_map_lookup_elem
  if r0 == 0 goto out
  *(u64 *)(r0 +0) = r6
out:
  r0 = 0
  exit
