; A place that is compared with null.
; expect: accepted
; kernel: 6.19-
; type: socket_filter
; map: t insn_array key=4 value=16 max=2 frozen targets=6,8
  r6 = map_value[t] + 0
  r6 = *(u64 *)(r6 +0)
  if r6 == 0 goto +2
  if r6 == r10 goto +1
  gotox r6
  r0 = 0
  exit
  r0 = 1
  exit
