; The second half of a 64-bit constant must have no opcode.
; expect: insn-ldimm64-half
  .insn 0x18, 0, 0, 0, 1
  .insn 0x07, 0, 0, 0, 1
  exit
