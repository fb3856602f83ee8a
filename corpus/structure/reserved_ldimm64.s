; A 64-bit constant with an offset.
; expect: insn-ld-imm64-reserved
  .insn 0x18, 0, 0, 4, 0
  .insn 0, 0, 0, 0, 0
  exit
