; One addition for an address in the arena and for a number.
; expect: accepted
; type: syscall
; flags: sleepable
; map: a arena max=1 flags=1024
  r6 = *(u32 *)(r1 +0)
  r1 = map[a]
  r2 = 64
  if r6 == 0 goto add
  r2 = addr_space_cast(r2, 0, 1)
add:
  r2 += 8
  r0 = 0
  exit
