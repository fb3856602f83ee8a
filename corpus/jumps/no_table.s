; A jump to where a register says, without a jump table that has places in the function. Before 6.19 there is no such jump.
; expect: insn-opcode
; type: socket_filter
  gotox r0
  r0 = 0
  exit
