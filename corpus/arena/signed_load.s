; A load that extends the sign, from an arena.
; expect: mem-arena-signed
; expect-6.18: accepted
; type: syscall
; flags: sleepable
; map: a arena max=4 flags=1024 extra=17592186044416
  r1 = map_value[a] + 0
  r1 = addr_space_cast(r1, 0, 1)
  r0 = *(s32 *)(r1 +0)
  r0 = 0
  exit
