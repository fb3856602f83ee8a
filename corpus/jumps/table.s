; A jump to one of three places, by a number that is bounded; two entries are the same.
; expect: accepted
; kernel: 6.19-
; type: socket_filter
; map: t insn_array key=4 value=16 max=4 frozen targets=8,11,8,9
  r7 = *(u32 *)(r1 +0)
  r7 &= 3
  r7 <<= 3
  r6 = map_value[t] + 0
  r6 += r7
  r6 = *(u64 *)(r6 +0)
  gotox r6
  r0 = 9
  r0 = 0
  exit
  r0 = 1
  exit
