; A helper that may move the packet.
; expect: mem-invalid-access
; type: xdp
  r6 = r1
  r7 = *(u32 *)(r1 +0)
  r8 = *(u32 *)(r1 +4)
  r2 = r7
  r2 += 8
  if r2 > r8 goto out
  r2 = -8
  call bpf_xdp_adjust_head
  r0 = *(u32 *)(r7 +0)
out:
  r0 = 2
  exit
