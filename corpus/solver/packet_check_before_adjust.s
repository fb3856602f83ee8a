; What was checked before the packet moved says nothing behind.
; expect: mem-packet-range
; type: xdp
  r2 = *(u32 *)(r1 +0)
  r3 = *(u32 *)(r1 +4)
  r4 = r2
  r4 += 14
  if r4 > r3 goto out
  r6 = r1
  r2 = 4
  call bpf_xdp_adjust_head
  r2 = *(u32 *)(r6 +0)
  r0 = *(u8 *)(r2 +0)
out:
  r0 = 0
  exit
