; A function has two tables; a jump may go to the places of its own only, but both count where the graph is walked.
; expect: accepted
; kernel: 6.19-
; type: socket_filter
; map: t insn_array key=4 value=16 max=1 frozen targets=7
; map: u insn_array key=4 value=16 max=1 frozen targets=9
  r6 = map_value[t] + 0
  r7 = map_value[u] + 0
  r6 = *(u64 *)(r6 +0)
  r7 = *(u64 *)(r7 +0)
  gotox r6
  r0 = 0
  gotox r7
  exit
