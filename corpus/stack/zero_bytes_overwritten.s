; A number on top of zero bytes makes the word that holds it unknown.
; expect: mem-invalid-access
  *(u64 *)(r10 -8) = 0
  *(u8 *)(r10 -5) = 7
  r0 = *(u32 *)(r10 -8)
  if r0 == 0 goto out
  r0 = *(u64 *)(r0 +0)
out:
  r0 = 0
  exit
