; Greater-or-equal the other way leaves a byte out.
; expect: mem-packet-range
; type: xdp
  r2 = *(u32 *)(r1 +0)
  r3 = *(u32 *)(r1 +4)
  r4 = r2
  r4 += 34
  if r3 < r4 goto out
  r0 = *(u32 *)(r2 +31)
out:
  r0 = 0
  exit
