; A register that was never written.
; expect: gotox-type
; kernel: 6.19-
; type: socket_filter
; map: t insn_array key=4 value=16 max=2 frozen targets=4,6
  r6 = map_value[t] + 8
  r6 = *(u64 *)(r6 +0)
  gotox r7
  r0 = 0
  exit
  r0 = 1
  exit
