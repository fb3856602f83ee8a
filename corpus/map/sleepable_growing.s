; A program that sleeps, and a map that allocates as it grows.
; expect: accepted
; type: syscall
; flags: sleepable
; map: m hash key=4 value=8 max=1 flags=1
  r1 = map[m]
  r0 = 0
  exit
