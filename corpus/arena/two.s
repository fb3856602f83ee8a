; One arena in a program.
; expect: map-arena-one
; type: syscall
; flags: sleepable
; map: a arena max=1 flags=1024
; map: b arena max=1 flags=1024
  r1 = map[a]
  r1 = map[b]
  r0 = 0
  exit
