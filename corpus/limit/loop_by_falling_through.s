; The loop closes where one instruction follows the other.
; expect: accepted
; type: sched_cls
  r6 = 0
  goto check
body:
  r6 += 1
check:
  if r6 < 3 goto body
  r0 = 0
  exit
