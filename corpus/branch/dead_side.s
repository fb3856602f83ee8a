; A branch whose outcome is known is not followed.
; expect: accepted
  r0 = 5
  if r0 > 10 goto never
  if r0 & 4 goto out
never:
  r0 = *(u64 *)(r0 +0)
out:
  exit
