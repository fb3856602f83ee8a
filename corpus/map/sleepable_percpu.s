; A program that sleeps, and a map with a value for each CPU.
; expect: accepted
; type: syscall
; flags: sleepable
; map: m percpu_array key=4 value=8 max=1
  r1 = map[m]
  r0 = 0
  exit
