; The second half of a 64-bit constant is no instruction.
; expect: cfg-jump-into-ldimm64
  if r1 == 0 goto pc+1
  r0 = 1 ll
  exit
