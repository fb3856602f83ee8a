; A number that must be known exactly before a jump by a table: its register is taken for an operand of the jump.
; expect: accepted
; kernel: 6.19-
; type: socket_filter
; map: t insn_array key=4 value=16 max=2 frozen targets=10,14
  r0 = *(u32 *)(r1 +0)
  r0 &= 7
  r7 = *(u32 *)(r1 +4)
  r7 &= 1
  r7 <<= 3
  r6 = map_value[t] + 0
  r6 += r7
  r6 = *(u64 *)(r6 +0)
  gotox r6
  r1 = r10
  r1 += r0
  *(u8 *)(r1 -16) = 1
  exit
  r0 = 0
  exit
