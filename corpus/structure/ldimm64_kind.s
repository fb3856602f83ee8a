; A kind of constant that does not exist.
; expect: insn-ldimm64-kind
  .insn 0x18, 0, 9, 0, 1
  .insn 0, 0, 0, 0, 0
  exit
