; Two paths with tables' entries that lie within those that were walked before.
; expect: accepted
; kernel: 6.19-
; type: socket_filter
; flags: test_state_freq
; map: t insn_array key=4 value=16 max=4 frozen targets=13,15,17,13
  r7 = *(u32 *)(r1 +0)
  r6 = map_value[t] + 0
  r8 = *(u32 *)(r1 +4)
  r8 &= 3
  r8 <<= 3
  r9 = 8
  if r7 == 0 goto +1
  r9 = r8
  r6 += r9
  r6 = *(u64 *)(r6 +0)
  r9 = 0
  gotox r6
  r0 = 0
  exit
  r0 = 1
  exit
  r0 = 2
  exit
