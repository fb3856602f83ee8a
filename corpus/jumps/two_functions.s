; Each function has a table of its own.
; expect: accepted
; kernel: 6.19-
; type: socket_filter
; map: t insn_array key=4 value=16 max=2 frozen targets=7,5
; map: u insn_array key=4 value=16 max=2 frozen targets=13,15
  r6 = *(u32 *)(r1 +0)
  r6 = map_value[t] + 8
  r6 = *(u64 *)(r6 +0)
  gotox r6
  call f
  exit
  r0 = 0
  exit
f:
  r1 = map_value[u] + 0
  r1 = *(u64 *)(r1 +0)
  gotox r1
  r0 = 0
  exit
  r0 = 1
  exit
