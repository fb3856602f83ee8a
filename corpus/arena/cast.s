; A number becomes an address in the arena.
; expect: accepted
; type: syscall
; flags: sleepable
; map: a arena max=1 flags=1024
  r1 = map[a]
  r2 = 64
  r2 = addr_space_cast(r2, 0, 1)
  *(u64 *)(r2 +0) = 7
  r0 = 0
  exit
