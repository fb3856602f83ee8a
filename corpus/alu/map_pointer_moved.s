; The address of a map is no address of memory.
; expect: ptr-arith-type
; map: m hash key=4 value=16 max=1
  r1 = map[m]
  r1 += 8
  r0 = 0
  exit
