; A program that sleeps, and storage of tasks.
; expect: accepted
; type: syscall
; flags: sleepable
; btf: ../btf/plain.o
; map: m task_storage key=4 value=4 max=0 flags=1 key_type=int value_type=int
  r1 = map[m]
  r0 = 0
  exit
