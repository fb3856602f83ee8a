; A function that ends with a jump to where a register says.
; expect: accepted
; kernel: 7.0-
; type: socket_filter
; map: t insn_array key=4 value=16 max=1 frozen targets=4
  r6 = map_value[t] + 0
  r6 = *(u64 *)(r6 +0)
  goto +2
  r0 = 0
  exit
  gotox r6
