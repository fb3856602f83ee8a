; A shift by as many bits as there are.
; expect: alu-invalid-shift
  r0 = 7
  w0 <<= 32
  exit
