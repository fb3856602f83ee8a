; The four ways to compare with the end of the packet.
; expect: accepted
; type: xdp
  r2 = *(u32 *)(r1 +0)
  r3 = *(u32 *)(r1 +4)
  r4 = r2
  r4 += 8
  if r4 > r3 goto a
  r0 = *(u64 *)(r2 +0)
a:
  if r4 >= r3 goto b
  r0 = *(u64 *)(r2 +1)
b:
  if r4 <= r3 goto c
  goto d
c:
  r0 = *(u32 *)(r2 +4)
d:
  if r3 > r4 goto e
  goto out
e:
  r0 = *(u8 *)(r2 +8)
out:
  r0 = 2
  exit
