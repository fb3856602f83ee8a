; A loop whose way back is a jump by a table.
; expect: accepted
; kernel: 6.19-
; type: socket_filter
; map: t insn_array key=4 value=16 max=2 frozen targets=1,9
  r7 = 0
  r6 = map_value[t] + 0
  r7 += 1
  if r7 < 5 goto +1
  r6 += 8
  r6 = *(u64 *)(r6 +0)
  r8 = r7
  gotox r6
  r0 = 0
  exit
