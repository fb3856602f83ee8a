; The address of what is no entry.
; expect: map-direct-range
; kernel: 6.19-
; type: socket_filter
; map: t insn_array key=4 value=16 max=2 frozen targets=3,5
  r6 = map_value[t] + 16
  gotox r6
  r0 = 0
  exit
  r0 = 1
  exit
