; A place that is stored into a map's value, and jumped through after it was read again.
; expect: gotox-type
; kernel: 6.19-
; type: socket_filter
; map: t insn_array key=4 value=16 max=2 frozen targets=8,10
; map: m array key=4 value=8 max=1
  r6 = map_value[t] + 0
  r6 = *(u64 *)(r6 +0)
  r7 = map_value[m] + 0
  *(u64 *)(r7 +0) = r6
  r6 = *(u64 *)(r7 +0)
  gotox r6
  r0 = 0
  exit
  r0 = 1
  exit
