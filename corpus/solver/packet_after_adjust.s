; The head of the packet was moved.
; expect: mem-invalid-access
; type: xdp
  r2 = *(u32 *)(r1 +0)
  r3 = *(u32 *)(r1 +4)
  r4 = r2
  r4 += 14
  if r4 > r3 goto out
  r6 = r2
  r2 = 4
  call bpf_xdp_adjust_head
  r0 = *(u8 *)(r6 +0)
out:
  r0 = 0
  exit
