; Without an arena there is nothing to cast to.
; expect: arena-cast-without-arena
; type: syscall
; flags: sleepable
  r2 = 64
  r2 = addr_space_cast(r2, 0, 1)
  r0 = 0
  exit
