; Fields that such a jump does not use.
; expect: insn-gotox-reserved
; kernel: 6.19-
; type: socket_filter
; map: t insn_array key=4 value=16 max=2 frozen targets=4,6
  r6 = map_value[t] + 0
  r6 = *(u64 *)(r6 +0)
  .insn 0x0d, 6, 0, 1, 0
  r0 = 0
  exit
  r0 = 1
  exit
