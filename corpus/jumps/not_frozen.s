; A table that can still be written when the program is loaded.
; expect: map-insn-array
; kernel: 6.19-
; type: socket_filter
; map: t insn_array key=4 value=16 max=2 targets=4,6
  r6 = map_value[t] + 0
  r6 = *(u64 *)(r6 +0)
  gotox r6
  r0 = 0
  exit
  r0 = 1
  exit
