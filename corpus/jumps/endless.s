; A loop through a table in which nothing changes.
; expect: loop-infinite
; kernel: 6.19-
; type: socket_filter
; map: t insn_array key=4 value=16 max=2 frozen targets=0,7
  r7 = *(u32 *)(r1 +0)
  r6 = map_value[t] + 0
  if r7 != 0 goto +1
  r6 += 8
  r6 = *(u64 *)(r6 +0)
  gotox r6
  r0 = 0
  exit
