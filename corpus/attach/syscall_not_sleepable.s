; Syscall programs always may.
; expect: attach-syscall-sleepable
; type: syscall
  r0 = 0
  exit
