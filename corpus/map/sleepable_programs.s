; A program that sleeps, and an array of programs.
; expect: map-sleepable
; type: syscall
; flags: sleepable
; map: m prog_array key=4 value=4 max=1
  r1 = map[m]
  r0 = 0
  exit
