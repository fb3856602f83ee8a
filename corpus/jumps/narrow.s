; Half an entry.
; expect: mem-jump-table-size
; kernel: 6.19-
; type: socket_filter
; map: t insn_array key=4 value=16 max=2 frozen targets=4,6
  r6 = map_value[t] + 0
  r6 = *(u32 *)(r6 +0)
  gotox r6
  r0 = 0
  exit
  r0 = 1
  exit
