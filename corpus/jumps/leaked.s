; A place that is read and kept for nothing, and one that is returned.
; expect: accepted
; kernel: 6.19-
; type: socket_filter
; map: t insn_array key=4 value=16 max=2 frozen targets=5,6
  r6 = map_value[t] + 0
  r0 = *(u64 *)(r6 +8)
  r7 = *(u64 *)(r6 +0)
  gotox r7
  exit
  r0 = 1
  exit
