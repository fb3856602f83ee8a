; The instruction's own offset counts, too.
; expect: accepted
; kernel: 6.19-
; type: socket_filter
; map: t insn_array key=4 value=16 max=3 frozen targets=4,6,8
  r6 = map_value[t] + 8
  r6 = *(u64 *)(r6 +8)
  gotox r6
  r0 = 0
  exit
  r0 = 1
  exit
  r0 = 2
  exit
