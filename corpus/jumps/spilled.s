; A place of the program that was saved on the stack.
; expect: accepted
; kernel: 6.19-
; type: socket_filter
; map: t insn_array key=4 value=16 max=2 frozen targets=6,8
  r6 = map_value[t] + 8
  r6 = *(u64 *)(r6 +0)
  *(u64 *)(r10 -8) = r6
  r6 = *(u64 *)(r10 -8)
  gotox r6
  r0 = 0
  exit
  r0 = 1
  exit
