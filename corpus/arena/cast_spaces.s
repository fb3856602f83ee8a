; Two address spaces are known.
; expect: arena-cast-spaces
; type: syscall
; flags: sleepable
; map: a arena max=1 flags=1024
  r1 = map[a]
  r2 = 64
  r2 = addr_space_cast(r2, 0, 3)
  r0 = 0
  exit
